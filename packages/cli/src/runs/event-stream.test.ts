import { describe, expect, test } from 'vitest';
import { readEvents, type ServerEvent } from './event-stream.ts';

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string, size = 1000): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of readEvents(pieces(text, size))) events.push(event);
  return events;
}

const TEXT = ': hello\n\nid: 1\nevent: state\ndata: {"to":"running"}\n\n: still here\n\nevent: note\ndata: ü\ndata:two\nid: 2\n\ndata: plain\n\n';
const EVENTS = [
  { id: '1', event: 'state', data: '{"to":"running"}' },
  { id: '2', event: 'note', data: 'ü\ntwo' },
  { id: undefined, event: 'message', data: 'plain' },
];

describe('readEvents', () => {
  test.each([1, 2, 3, 7, 1000])('pieces of %i bytes', async (size) => {
    expect(await read(TEXT, size)).toEqual(EVENTS);
  });

  test.each(['\r\n', '\r'])('line ends %j', async (end) => {
    expect(await read(`${TEXT.replaceAll('\n', end)}x`, 1)).toEqual(EVENTS);
  });

  test('an event that was cut off is not given', async () => {
    expect(await read('event: a\ndata: 1\n\nevent: b\ndata: 2\n')).toHaveLength(1);
  });
});
