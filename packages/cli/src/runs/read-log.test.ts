import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { describe, expect, test } from 'vitest';
import { Connection } from '../connection/connection.ts';
import { testPace } from '../test-cli.ts';
import { anAttempt, aRunDetail, RUN_ID } from '../test-data.ts';
import { TEST_TOKEN, type TestCall, TestServer } from '../test-server.ts';
import { type LogRequest, readLog } from './read-log.ts';

interface Query {
  readonly attempt?: number;
  readonly fromByte: number;
  readonly follow: boolean;
}

/** A run whose attempts have these logs, served the way a test says. */
async function serverWith(logs: readonly Buffer[], state: { ended: boolean }, serve: (rest: Buffer, query: Query, response: ServerResponse) => void): Promise<TestServer> {
  const detail = () => aRunDetail({ state: state.ended ? 'succeeded' : 'running', attempt: logs.length, attempts: logs.map((log, i) => anAttempt({ number: i + 1, state: state.ended || i + 1 < logs.length ? 'failed' : 'active', logBytes: log.length })) });
  const answerLog = ({ query }: TestCall) => {
    const asked = query as unknown as Query;
    return (response: ServerResponse) => serve((logs[(asked.attempt ?? 1) - 1] ?? Buffer.alloc(0)).subarray(asked.fromByte), asked, response);
  };
  return await TestServer.start({ getRun: detail, runLog: answerLog });
}

async function read(server: TestServer, request: Partial<LogRequest> = {}): Promise<Buffer> {
  const interrupted = new AbortController().signal;
  const connection = new Connection({ url: server.url, token: TEST_TOKEN, urlFrom: '--url', tokenFrom: undefined, file: undefined }, { pace: testPace(), interrupted });
  const watcher = { lost: () => undefined, back: () => undefined };
  const chunks: Uint8Array[] = [];
  for await (const { bytes } of readLog(connection, { runId: RUN_ID, from: { byte: 0 }, follow: true, signal: interrupted, watcher, ...request })) chunks.push(bytes);
  return Buffer.concat(chunks);
}

const log = randomBytes(300_000);

describe('readLog', () => {
  test('every byte of a log that is there', async () => {
    await using server = await serverWith([log], { ended: true }, (rest, _, response) => response.end(rest));
    expect((await read(server, { follow: false })).equals(log)).toBe(true);
  });

  test('a connection that drops again and again loses and doubles nothing', async () => {
    const from: number[] = [];
    await using server = await serverWith([log], { ended: true }, (rest, query, response) => {
      from.push(query.fromByte);
      if (rest.length < 40_000) response.end(rest);
      else response.writeHead(200, { 'content-length': rest.length }).write(rest.subarray(0, 37_123), () => response.destroy());
    });
    expect((await read(server)).equals(log)).toBe(true);
    expect(from.length).toBeGreaterThan(5);
    expect(from).toEqual([...new Set(from)].toSorted((a, b) => a - b));
  });

  test('a server that is killed and comes back', async () => {
    const state = { ended: false };
    let opened = 0;
    await using server = await serverWith([log], state, (rest, _, response) => {
      opened += 1;
      if (opened > 1) response.end(rest);
      else response.write(rest.subarray(0, 1000));
    });
    const reading = read(server);
    await waitFor('the log is followed', () => opened > 0);
    await server.kill();
    state.ended = true;
    await server.listen();
    expect((await reading).equals(log)).toBe(true);
  });

  test('follows into later attempts when each answer ends with its attempt', async () => {
    const logs = [Buffer.from('one\n'), Buffer.from('two\n'), Buffer.from('three\n')];
    await using server = await serverWith(logs, { ended: true }, (rest, _, response) => response.end(rest));
    expect(String(await read(server, { from: { attempt: 1, byte: 0 } }))).toBe('one\ntwo\nthree\n');
  });

  test('follows into later attempts when one answer goes through all of them, and drops there', async () => {
    const logs = [Buffer.from('one\n'), Buffer.from('two\n'), Buffer.from('three\n')];
    const asked: string[] = [];
    await using server = await serverWith(logs, { ended: true }, (rest, query, response) => {
      asked.push(`${query.attempt}:${query.fromByte}`);
      const all = Buffer.concat([rest, ...logs.slice(query.attempt)]);
      response.writeHead(200, { 'content-length': all.length }).write(all.subarray(0, 6), () => response.destroy());
    });
    expect(String(await read(server, { from: { attempt: 1, byte: 0 } }))).toBe('one\ntwo\nthree\n');
    expect(asked).toEqual(['1:0', '2:2', '3:4']);
  });

  test('one attempt without following stays with it', async () => {
    await using server = await serverWith([Buffer.from('one\n'), Buffer.from('two\n')], { ended: true }, (rest, _, response) => response.end(rest));
    expect(String(await read(server, { from: { attempt: 1, byte: 0 }, follow: false }))).toBe('one\n');
  });

  test('a run without an attempt has no log now, and one later', async () => {
    const logs: Buffer[] = [];
    const state = { ended: false };
    await using server = await serverWith(logs, state, (rest, _, response) => response.end(rest));
    expect(await read(server, { follow: false })).toHaveLength(0);
    const following = read(server);
    await waitFor('somebody looks', () => server.calls.filter((name) => name === 'getRun').length > 3);
    logs.push(Buffer.from('at last\n'));
    state.ended = true;
    expect(String(await following)).toBe('at last\n');
  });

  test('bytes the run counted and the server does not have do not keep it waiting', async () => {
    await using server = await serverWith([log], { ended: true }, (_rest, _query, response) => response.end());
    expect(await read(server)).toHaveLength(0);
  });

  test('a refusal is an error', async () => {
    await using server = await serverWith([log], { ended: true }, (_rest, _query, response) => response.writeHead(403, { 'content-type': 'application/json' }).end('{"error":{"code":"FORBIDDEN","message":"no","hint":"h","status":403,"requestId":"r"}}'));
    await expect(read(server)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
