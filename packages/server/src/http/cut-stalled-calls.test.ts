import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { fastify, type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cutStalledCalls } from './cut-stalled-calls.ts';
import { letGoOfClients } from './let-go-of-clients.ts';

const HOUR_MS = 3_600_000;
const MEGABYTE = 1024 * 1024;
const DOWNLOAD_BYTES = 64 * MEGABYTE;

let app: FastifyInstance;
/** Bytes that were read, per call. */
let reads: number[];
/** What reading ended with, when not well. */
let problems: unknown[];
/** Handlers begin to read when this resolves. */
let mayRead: Promise<void>;

beforeEach(async () => {
  // sockets live in real time; what looks at them does not
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  [reads, problems, mayRead] = [[], [], Promise.resolve()];
  app = fastify({ forceCloseConnections: 'idle' });
  letGoOfClients(app);
  cutStalledCalls(app);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  app.put('/', async (request) => read(request.body as AsyncIterable<Uint8Array>));
  app.get('/', (_request, reply) => reply.header('content-length', DOWNLOAD_BYTES).send(Readable.from(blocks(), { objectMode: false })));
  await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  vi.useRealTimers();
  await app.close();
});

async function* blocks(): AsyncIterable<Buffer> {
  for (let sent = 0; sent < DOWNLOAD_BYTES; sent += MEGABYTE) yield Buffer.alloc(MEGABYTE);
}

async function read(body: AsyncIterable<Uint8Array>): Promise<{ sizeBytes: number }> {
  const call = reads.push(0) - 1;
  await mayRead;
  try {
    for await (const block of body) reads[call] = (reads[call] ?? 0) + block.length;
  } catch (error) {
    problems.push(error);
  }
  return { sizeBytes: reads[call] ?? 0 };
}

/** The beginning of an upload of 100 bytes, once that is here: read by its handler, or waiting for it. */
async function anUpload(text: string): Promise<Socket> {
  const arrived = once(app.server, 'request') as Promise<[IncomingMessage]>;
  const call = reads.length;
  const socket = connect((app.server.address() as { port: number }).port, '127.0.0.1').setEncoding('utf8');
  socket.on('error', () => undefined);
  socket.write(`PUT / HTTP/1.1\r\nhost: here\r\ncontent-type: application/octet-stream\r\ncontent-length: 100\r\n\r\n${text}`);
  const [request] = await arrived;
  await expect.poll(() => (reads[call] ?? -1) + request.readableLength, { timeout: 30_000 }).toBe(text.length);
  return socket;
}

async function hasRead(call: number, sizeBytes: number): Promise<void> {
  await expect.poll(() => reads[call], { timeout: 30_000 }).toBe(sizeBytes);
}

const answerOf = async (socket: Socket): Promise<string> => String(await once(socket, 'data'));

describe('an upload', () => {
  it.each(['', 'abc'])('that fell silent after %j is cut, and its handler is told', async (text) => {
    const socket = await anUpload(text);
    vi.advanceTimersByTime(70_000);
    await once(socket, 'close');
    await expect.poll(() => problems, { timeout: 30_000 }).toMatchObject([{ code: 'BAD_REQUEST', params: { problem: 'the body broke off: no byte of it came for 60 s' } }]);
  });

  it('that goes on is never cut, however slow it is', async () => {
    const socket = await anUpload('');
    for (let sent = 1; sent <= 10; sent++) {
      vi.advanceTimersByTime(50_000);
      socket.write('x');
      await hasRead(0, sent);
    }
    socket.write('x'.repeat(90));
    expect(await answerOf(socket)).toContain('{"sizeBytes":100}');
    // nor is the connection, kept for the next call
    vi.advanceTimersByTime(HOUR_MS);
    expect(socket.destroyed).toBe(false);
    socket.destroy();
  });

  it('that waits for us is not cut', async () => {
    const waiting = Promise.withResolvers<void>();
    mayRead = waiting.promise;
    const [part, whole] = [await anUpload('abc'), await anUpload('x'.repeat(100))];
    vi.advanceTimersByTime(HOUR_MS);
    waiting.resolve();
    await hasRead(0, 3);
    part.write('x'.repeat(97));
    expect(await Promise.all([answerOf(part), answerOf(whole)])).toEqual([expect.stringContaining('{"sizeBytes":100}'), expect.stringContaining('{"sizeBytes":100}')]);
    for (const socket of [part, whole]) socket.destroy();
  });

  it('that fell silent does not hold a server that shuts down, and one that goes on is answered', async () => {
    const [silent, living] = [await anUpload('abc'), await anUpload('')];
    const closed = app.close();
    await expect.poll(() => app.closing.aborted, { timeout: 30_000 }).toBe(true);
    for (let sent = 1; sent <= 5; sent++) {
      vi.advanceTimersByTime(1_000);
      living.write('x');
      await hasRead(1, sent);
    }
    await expect.poll(() => silent.destroyed, { timeout: 30_000 }).toBe(true);
    living.write('x'.repeat(95));
    expect(await answerOf(living)).toContain('{"sizeBytes":100}');
    await closed;
  });
});

describe('an answer', () => {
  /** Somebody who asks for a large answer and takes nothing of it yet. */
  async function aDownload(): Promise<Socket> {
    const arrived = once(app.server, 'request') as Promise<[IncomingMessage]>;
    const socket = connect((app.server.address() as { port: number }).port, '127.0.0.1').pause();
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n');
    const [request] = await arrived;
    await expect.poll(() => request.socket.writableLength, { timeout: 30_000 }).toBeGreaterThan(0);
    return socket;
  }

  it('that nobody takes may wait, until the server shuts down', async () => {
    const socket = await aDownload();
    vi.advanceTimersByTime(HOUR_MS);
    expect(socket.destroyed || socket.readableEnded).toBe(false);
    const closed = app.close();
    await expect.poll(() => app.closing.aborted, { timeout: 30_000 }).toBe(true);
    vi.advanceTimersByTime(12_000);
    await closed;
    socket.destroy();
  });

  it('that is taken is given to its end by a server that shuts down', async () => {
    const socket = await aDownload();
    const closed = app.close();
    await expect.poll(() => app.closing.aborted, { timeout: 30_000 }).toBe(true);
    let takenBytes = 0;
    for await (const block of socket) {
      takenBytes += (block as Buffer).length;
      vi.advanceTimersByTime(20);
    }
    await closed;
    expect(takenBytes).toBeGreaterThan(DOWNLOAD_BYTES);
  });
});
