/** One server-sent event. */
export interface ServerEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024;

/** Reads server-sent events from the body of an answer, as the HTML standard defines them. Ends with the stream. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let fields: { id?: string; event?: string; data: string[] } = { data: [] };
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true });
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    if (rest.length > MAX_EVENT_CHARACTERS) throw new Error('an event of the server has no end');
    for (const line of lines) {
      if (line !== '') {
        addField(fields, line);
      } else if (fields.event !== undefined || fields.data.length > 0) {
        yield { id: fields.id, event: fields.event ?? 'message', data: fields.data.join('\n') };
        fields = { data: [] };
      }
    }
  }
}

function addField(fields: { id?: string; event?: string; data: string[] }, line: string): void {
  const colon = line.indexOf(':');
  // a line that begins with a colon is a comment that keeps the connection alive
  if (colon === 0) return;
  const name = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
  if (name === 'data') fields.data.push(value);
  else if (name === 'event') fields.event = value;
  else if (name === 'id') fields.id = value;
}
