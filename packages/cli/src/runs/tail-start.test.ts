import { describe, expect, test } from 'vitest';
import { Connection } from '../connection/connection.ts';
import { testPace } from '../test-cli.ts';
import { RUN_ID } from '../test-data.ts';
import { TEST_TOKEN, TestServer } from '../test-server.ts';
import { tailStart } from './tail-start.ts';

async function tail(log: Buffer, lines: number): Promise<string> {
  await using server = await TestServer.start({ runLog: ({ query }) => log.subarray(Number(query['fromByte'])) });
  const connection = new Connection({ url: server.url, token: TEST_TOKEN, urlFrom: '--url', tokenFrom: undefined, file: undefined }, { pace: testPace(), interrupted: new AbortController().signal });
  return log.subarray(await tailStart(connection, { runId: RUN_ID, attempt: 1, logBytes: log.length, lines })).toString();
}

describe('tailStart', () => {
  test.each([
    ['a\nb\nc\n', 2, 'b\nc\n'],
    ['a\nb\nc', 2, 'b\nc'],
    ['a\nb\nc\n', 3, 'a\nb\nc\n'],
    ['a\nb\nc\n', 99, 'a\nb\nc\n'],
    ['a\n\n\n', 2, '\n\n'],
    ['a\nb\n', 0, ''],
    ['', 5, ''],
    ['no end', 1, 'no end'],
  ])('%j, last %i', async (log, lines, expected) => {
    expect(await tail(Buffer.from(log), lines)).toBe(expected);
  });

  test('lines far longer than a typical one', async () => {
    const long = 'x'.repeat(200_000);
    expect(await tail(Buffer.from(`first\n${long}\n${long}\n`), 2)).toBe(`${long}\n${long}\n`);
  });

  test('many short ones', async () => {
    const all = Array.from({ length: 5000 }, (_, i) => `line ${i}\n`);
    expect(await tail(Buffer.from(all.join('')), 1234)).toBe(all.slice(-1234).join(''));
  });
});
