import type { Failure } from '@trainyard/core/training/outcome.ts';
import { describe, expect, it } from 'vitest';
import { type LogSource, logText } from './log-text.ts';

type Run = Parameters<typeof logText>[1];

const AT = Date.UTC(2026, 0, 2, 3, 4, 5);
const failure: Failure = { ok: false, endedAt: AT, reason: 'exit_code', step: 'train', message: 'it ended with 2', exitCode: 2 };
const base = { id: 'a'.repeat(32), number: 7, trainingId: 'wine', attempt: 1, state: 'succeeded', queuedAt: AT, endedAt: AT, failure: null, facts: {} } as unknown as Run;

/** A source of these attempts; the run is, once it is looked at again, as `after` says. */
async function textOf(attempts: readonly (readonly Uint8Array[])[], { follow = false, run = base, after = run }: { follow?: boolean; run?: Run; after?: Run } = {}): Promise<string> {
  const runs = {
    get: async () => after,
    logSize: async (_: string, attempt: number) => Buffer.concat(attempts[attempt - 1] ?? []).length,
    attemptsOf: async () => attempts.map((_pieces, at) => ({ number: at + 1, startedAt: AT, endedAt: AT, failure: at + 1 < attempts.length ? { ...failure, reason: 'host_lost', exitCode: undefined } : null })),
    async *readLog(_: string, attempt: number) {
      for (const piece of attempts[attempt - 1] ?? []) yield Buffer.from(piece);
    },
    async *followLog() {
      for (const [at, pieces] of attempts.entries()) for (const piece of pieces) yield { attempt: at + 1, from: 0, bytes: Buffer.from(piece) };
    },
  } as unknown as LogSource['runs'];
  let text = '';
  for await (const part of logText({ runs }, run, { follow, signal: new AbortController().signal })) {
    expect(part).not.toBe('');
    text += part;
  }
  return text;
}

const bytes = (text: string): Buffer => Buffer.from(text);

describe.each([true, false])('the log of a run (follow: %s)', (follow) => {
  it('ends with what became of it', async () => {
    const run = { ...base, facts: { artifact: { name: 'wine-1.zip' } } } as Run;
    expect(await textOf([[bytes('one\ntwo\n')]], { follow, run })).toBe('one\ntwo\n[trainyard][ INFO] 02-Jan-26 03:04:05 - run 7 of wine succeeded: wine-1.zip\n');
  });

  it('says phase and cause of a failure on a line of its own', async () => {
    const run = { ...base, state: 'failed', failure } as Run;
    expect(await textOf([[bytes('no end')]], { follow, run })).toBe('no end\n[trainyard][ERROR] 02-Jan-26 03:04:05 - run 7 of wine failed: "step-train" failed with exit code 2 (exit_code): it ended with 2\n');
  });

  it('has all attempts, and what came between them', async () => {
    const run = { ...base, attempt: 2, state: 'stopped' } as Run;
    expect(await textOf([[bytes('first')], [bytes('second\n')]], { follow, run })).toBe(
      'first\n[trainyard][WARNING] 02-Jan-26 03:04:05 - attempt 1 ended: "step-train" failed (host_lost): it ended with 2; it is tried again\nsecond\n[trainyard][ERROR] 02-Jan-26 03:04:05 - run 7 of wine was stopped\n',
    );
  });

  it('is whole characters only, whatever bytes it has', async () => {
    const text = 'ü€😀\n';
    const pieces = [...bytes(text)].map((byte) => Buffer.from([byte]));
    expect(await textOf([[...pieces, Buffer.from([0xff, 0x41, 0xe2, 0x82])]], { follow })).toMatch(/^ü€😀\n\uFFFDA\uFFFD\n\[trainyard\]/);
  });
});

it('the log of a run that waits says so, but only to whom waits with it', async () => {
  const run = { ...base, attempt: 0, state: 'queued' } as Run;
  expect(await textOf([], { follow: true, run, after: base })).toBe('[trainyard][ INFO] 02-Jan-26 03:04:05 - run 7 of wine waits for its turn\n[trainyard][ INFO] 02-Jan-26 03:04:05 - run 7 of wine succeeded\n');
  expect(await textOf([], { run })).toBe('');
});
