import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunTokens } from '../auth/run-token.ts';
import { KeyFile } from '../platform/key-file.ts';
import { openDatabase } from '../stores/sql/database.ts';
import { openStores } from '../stores/sql/open-stores.ts';
import { TestServer } from './test-server.ts';

const MEGABYTE = 1024 * 1024;
const spec = { model: { name: 'wine', version: 1 }, toolchain: 'command', args: ['true'], algorithmSource: { git: { url: 'https://example.com/wine.git' } } };

let server: TestServer;
let authorization: string;

beforeEach(async () => {
  server = await TestServer.open(['--log-limit', '1KiB']);
  await server.call({ method: 'POST', url: '/api/v1/trainings', payload: { id: 'wine', spec } });
  // nothing schedules here: the attempt begins as a scheduler would begin it
  const database = await openDatabase(`sqlite://${join(server.dir, 'trainyard.db')}`);
  const [run] = await openStores(database, Date.now).queue.claimQueued({ lease: 'test', leaseUntil: Date.now(), now: Date.now(), max: 1 }, { total: 1, perProject: 1, perEngine: {} });
  await database.close();
  authorization = `Bearer ${new RunTokens(new KeyFile(join(server.dir, 'keys.json')).signingKey).issue({ runId: run?.id ?? '', attempt: 1 })}`;
});
afterEach(() => server.close());

async function put(offset: number, payload: string | Buffer): Promise<unknown> {
  const answer = await server.anonymous({ method: 'PUT', url: `/api/v1/runner/log?attempt=1&offset=${offset}`, headers: { authorization, 'content-type': 'application/octet-stream' }, payload });
  const { next, error } = answer.json<{ next?: number; error?: { code: string; expected?: number } }>();
  return next ?? [answer.statusCode, error?.code, error?.expected];
}

/** Sends the beginning of a log, and then no more. */
async function stalled(): Promise<Socket> {
  const { port, hostname } = new URL((await server.listen()).url);
  const socket = connect(Number(port), hostname);
  socket.write(`PUT /api/v1/runner/log?attempt=1&offset=0 HTTP/1.1\r\nhost: localhost\r\nauthorization: ${authorization}\r\ncontent-type: application/octet-stream\r\ncontent-length: ${2 * MEGABYTE}\r\n\r\n`);
  socket.write(Buffer.alloc(1000, 'x'));
  await once(server.server.app.server, 'request');
  return socket;
}

describe('the log that a runner sends', () => {
  it('grows by offsets, and says where to go on', async () => {
    expect([await put(0, 'hello '), await put(6, 'world'), await put(3, 'lo world'), await put(99, '!'), await put(0, '')]).toEqual([6, 11, 11, [409, 'LOG_GAP', 11], 11]);
    expect((await server.call({ method: 'GET', url: '/api/v1/runs/1/log' })).body).toBe('hello world');
  });

  it('is kept up to its limit and some lines of the runner, whatever sends it', async () => {
    expect(await put(0, Buffer.alloc(MEGABYTE, 'a'))).toBe(MEGABYTE);
    for (let i = 0; i < 2; i++) expect(await put(MEGABYTE, Buffer.alloc(MEGABYTE, 'b'))).toEqual([413, 'TOO_LARGE', undefined]);
    expect((await server.call({ method: 'GET', url: '/api/v1/runs/1/log' })).rawPayload.length).toBe(MEGABYTE + 1024);
  });

  it('waits for nobody whose bytes do not come, and neither does a server that shuts down', async () => {
    const socket = await stalled();
    expect(await put(0, 'hello')).toBe(5);
    const closed = once(socket, 'close');
    await server.close();
    await closed;
    server = await TestServer.open();
  });
});
