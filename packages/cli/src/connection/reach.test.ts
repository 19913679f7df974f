import { TrainyardError } from '@trainyard/core/errors.ts';
import { describe, expect, test } from 'vitest';
import { testPace } from '../test-cli.ts';
import { mayPass, pauseMs, untilReached } from './reach.ts';

const gone = new TrainyardError('SERVER_UNREACHABLE', { url: 'http://x', problem: 'nobody listens there' });
const signal = new AbortController().signal;

function watched() {
  const said: string[] = [];
  return { said, watcher: { lost: (ms: number) => void said.push(`lost ${ms}`), back: () => void said.push('back') } };
}

function failing(times: number, error: unknown): () => Promise<string> {
  let tries = 0;
  return () => (tries++ < times ? Promise.reject(error as Error) : Promise.resolve('answer'));
}

describe('untilReached', () => {
  test('tells of a server that goes and comes back, once each', async () => {
    const { said, watcher } = watched();
    expect(await untilReached(failing(4, gone), { pace: testPace(), signal, watcher })).toBe('answer');
    expect(said).toEqual(['lost 30000', 'back']);
  });

  test('says nothing when there is nothing to say', async () => {
    const { said, watcher } = watched();
    await untilReached(failing(0, gone), { pace: testPace(), signal, watcher });
    expect(said).toEqual([]);
  });

  test('gives up when the patience is over', async () => {
    const { watcher } = watched();
    await expect(untilReached(failing(Infinity, gone), { pace: testPace({ patienceMs: 30 }), signal, watcher })).rejects.toBe(gone);
  });

  test('a refusal is no absence', async () => {
    const { said, watcher } = watched();
    const refused = new TrainyardError('RUN_NOT_FOUND', { id: '1' });
    await expect(untilReached(failing(1, refused), { pace: testPace(), signal, watcher })).rejects.toBe(refused);
    expect(said).toEqual([]);
  });

  test('ends with its signal', async () => {
    const { watcher } = watched();
    const end = new AbortController();
    const waiting = untilReached(failing(Infinity, gone), { pace: testPace({ firstPauseMs: 60_000, longestPauseMs: 60_000 }), signal: end.signal, watcher });
    end.abort();
    await expect(waiting).rejects.toThrow(/abort/i);
  });
});

describe('mayPass', () => {
  const answered = (status: number): Error => Object.assign(new Error('x'), { name: 'ServerAnswerError', status, code: 'X', hint: '' });
  test.each([
    [gone, true],
    [new TrainyardError('SHUTTING_DOWN'), true],
    [answered(502), true],
    [answered(503), true],
    [answered(500), false],
    [answered(404), false],
    [new Error('a fault'), false],
  ])('%s (%#)', (error, expected) => {
    expect(mayPass(error)).toBe(expected);
  });
});

test('pauses double up to the longest', () => {
  expect([0, 1, 2, 3, 100].map((tries) => pauseMs(testPace({ firstPauseMs: 250, longestPauseMs: 1_500 }), tries))).toEqual([250, 500, 1000, 1500, 1500]);
});
