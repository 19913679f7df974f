import { describe, expect, it } from 'vitest';
import { Connection } from '../connection/connection.ts';
import { testPace } from '../test-cli.ts';
import { refusal, TEST_TOKEN, TestServer } from '../test-server.ts';
import { Target } from './target.ts';

const ANSWER = { lines: 1, kinds: {}, refused: [], notes: [], here: {}, experiments: [] };

function targetOf(server: TestServer): { target: Target; told: string[] } {
  const told: string[] = [];
  const signal = new AbortController().signal;
  const connection = new Connection({ url: server.url, token: TEST_TOKEN, urlFrom: '--url', tokenFrom: 'file', file: undefined }, { pace: testPace(), interrupted: signal });
  return { target: new Target(connection, { signal, watcher: { lost: () => told.push('lost'), back: () => told.push('back') } }), told };
}

describe('the server that takes records', () => {
  it('is asked again while it does not answer', async () => {
    let calls = 0;
    await using server = await TestServer.start({ importRecords: ({ bytes }) => (++calls < 3 ? refusal('SHUTTING_DOWN') : { ...ANSWER, lines: bytes.toString().split('\n').length - 1 }) });
    const { target, told } = targetOf(server);
    expect((await target.send(['a', 'b'])).lines).toBe(2);
    expect([calls, told]).toEqual([3, ['lost', 'back']]);
  });

  it('is not asked again when its disk is full', async () => {
    await using server = await TestServer.start({ importRecords: () => refusal('DISK_FULL') });
    const { target } = targetOf(server);
    await expect(target.send(['a'])).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(server.calls).toEqual(['importRecords']);
  });
});
