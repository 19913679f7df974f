import { expect, test } from 'vitest';
import { Connection } from '../connection/connection.ts';
import { testPace } from '../test-cli.ts';
import { aRun } from '../test-data.ts';
import { refusal, TEST_TOKEN, TestServer } from '../test-server.ts';
import { stopRuns } from './stop-runs.ts';

test('a run that ends meanwhile does not keep the others from being stopped', async () => {
  const runs = ['1', '2', '3'].map((digit) => aRun({ id: digit.repeat(32), number: Number(digit), state: 'running' }));
  const asked: string[] = [];
  let left = runs;
  await using server = await TestServer.start({
    listRuns: () => ({ items: left }),
    stopRun: ({ params }) => {
      const run = runs.find(({ id }) => id === params['id'])!;
      asked.push(run.id);
      if (asked.length === runs.length) left = [];
      return run.number === 2 ? refusal('RUN_ENDED', { id: 2, state: 'succeeded' }) : run;
    },
  });
  await stopRuns(new Connection({ url: server.url, token: TEST_TOKEN, urlFrom: '--url', tokenFrom: undefined, file: undefined }, { pace: testPace(), interrupted: new AbortController().signal }));
  expect(asked).toEqual(runs.map(({ id }) => id));
});
