import { ServerProcess } from '../../e2e/server-process.ts';
import { uploadSource } from '../../e2e/source.ts';

/** Writes so many lines, each with the time at which it was written, after a pause of 20 to 120 ms. */
const TELL_TIME = `let left = Number(process.argv[2]);
const next = () => setTimeout(() => {
  console.log('at ' + (performance.timeOrigin + performance.now()));
  if (--left > 0) next();
}, 20 + Math.random() * 100);
next();
`;

/** Milliseconds from the writing of each line of a real training to its arrival at a client that follows the log. */
export async function tailDelays(dataDir: string, lines: number): Promise<number[]> {
  const server = new ServerProcess(dataDir);
  await server.start();
  try {
    const digest = await uploadSource(server.client, { 'tell-time.cjs': TELL_TIME });
    const spec = { model: { name: 'tell-time', version: '1' }, toolchain: 'command', args: [process.execPath, 'tell-time.cjs', String(lines)], algorithmSource: { snapshot: { digest } }, register: false };
    const { status } = await server.client.call('createTraining', { body: { id: 'tell-time', spec } });
    const id = status.runId ?? '';
    const log = await server.client.call('runLog', { params: { id }, query: { follow: 'true' } });
    const delays = await readDelays(log.body ?? new ReadableStream());
    const { state, message } = await server.ended(id);
    if (state !== 'succeeded' || delays.length !== lines) throw new Error(`${delays.length} of ${lines} lines arrived, the run ended as ${state}: ${message ?? ''}`);
    return delays;
  } finally {
    await server.stop();
  }
}

async function readDelays(log: ReadableStream<Uint8Array>): Promise<number[]> {
  const delays: number[] = [];
  let rest = '';
  for await (const text of log.pipeThrough(new TextDecoderStream())) {
    const now = performance.timeOrigin + performance.now();
    const parts = `${rest}${text}`.split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) if (line.startsWith('at ')) delays.push(now - Number(line.slice(3)));
  }
  return delays;
}
