import { once } from 'node:events';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { describe, expect, it } from 'vitest';
import { beating } from './heartbeat.ts';

const BEAT = '\u001b[0m';
const never = new AbortController().signal;

async function all(texts: AsyncIterable<string>): Promise<string[]> {
  const got: string[] = [];
  for await (const text of texts) got.push(text);
  return got;
}

describe('a log with heartbeats', () => {
  it('begins with one and has every text once, in order', async () => {
    const texts = async function* (): AsyncIterable<string> {
      yield* ['a', 'b', 'c'];
    };
    expect(await all(beating(texts(), never, 60_000))).toEqual([BEAT, 'a', 'b', 'c']);
  });

  it('is never silent for long, and goes on with what comes', async () => {
    const release = Promise.withResolvers<void>();
    const texts = async function* (): AsyncIterable<string> {
      await release.promise;
      yield 'late';
    };
    const got: string[] = [];
    const done = (async () => {
      for await (const text of beating(texts(), never, 5)) got.push(text);
    })();
    await waitFor('some heartbeats', () => got.length > 3);
    release.resolve();
    await done;
    expect(got.at(-1)).toBe('late');
    expect(new Set(got.slice(0, -1))).toEqual(new Set([BEAT]));
  });

  it('ends when nobody listens any more, and lets go of its source', async () => {
    const gone = new AbortController();
    let ended = false;
    const texts = async function* (): AsyncIterable<string> {
      try {
        if (!gone.signal.aborted) await once(gone.signal, 'abort');
        yield '';
      } finally {
        ended = true;
      }
    };
    const reader = all(beating(texts(), gone.signal, 60_000));
    gone.abort();
    expect(await reader).toEqual([BEAT]);
    expect(ended).toBe(true);
  });

  it('breaks with its source', async () => {
    const texts = async function* (): AsyncIterable<string> {
      yield 'a';
      throw new Error('the disk is gone');
    };
    await expect(all(beating(texts(), never, 60_000))).rejects.toThrow('the disk is gone');
  });
});
