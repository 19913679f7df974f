import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { CLUSTER_FAILED, RAISED, type RunEnd, type RunPlan, TIMED_OUT, WELL } from '@trainyard/testkit/fake-databricks/fake-run.ts';
import type { Fault } from '@trainyard/testkit/fake-databricks/fake-workspace.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LAST_WORDS } from './remote-runner/wrapper.ts';
import { aKey, TestEngine } from './test-engine.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const RUNS = 200;

/** How a run ends there, and the words for it here. */
const ENDS: readonly (readonly [RunEnd, readonly (string | undefined)[]])[] = [
  [WELL, [undefined]],
  [RAISED, ['exit_code']],
  [TIMED_OUT, ['timeout']],
  [CLUSTER_FAILED, ['could_not_start', 'host_lost']],
  [{ code: 'LIBRARY_INSTALLATION_ERROR', type: 'CLIENT_ERROR', message: 'no such library', result: 'FAILED' }, ['environment_failed']],
];

const FAULTS: readonly Fault['what'][] = ['cut', 'garbage', 'stall', { status: 500 }, { status: 503, retryAfter: '7' }, { status: 429 }, { status: 429, retryAfter: '3' }, { status: 502, body: '<html>bad gateway</html>' }, { status: 522, body: '' }, { status: 302, body: '' }];

/** The same numbers for the same seed (mulberry32). */
function chanceFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function one<T>(chance: () => number, items: readonly T[]): T {
  return items[Math.floor(chance() * items.length)] as T;
}

interface Happening {
  readonly at: number;
  readonly happen: () => void | Promise<void>;
}

/** Submits, outages, crashes of the server and clusters that stop, over a day. */
function plan(test: TestEngine, chance: () => number): Happening[] {
  const some = (count: number, happen: (index: number) => void | Promise<void>): Happening[] => Array.from({ length: count }, (_, index) => ({ at: test.clock.now() + chance() * DAY, happen: () => happen(index) }));
  const outages = some(12, () => void (test.workspace.down = true)).flatMap((start) => [start, { at: start.at + chance() * 20 * MINUTE, happen: () => void (test.workspace.down = false) }]);
  return [
    ...some(RUNS, (index) => {
      const place = index % 4 === 0 ? { databricks: { cluster: { existing: 'c1' } } } : {};
      return isProgram(index) ? test.submitProgram(aKey(index), place) : test.submit(aKey(index), { hyperParameters: { index }, ...place });
    }),
    ...outages,
    ...some(20, () => test.restart()),
    ...some(10, () => void test.workspace.clusters.put('c1', { state: 'TERMINATED', startMs: 3 * MINUTE })),
  ].toSorted((a, b) => a.at - b.at);
}

/** A third are programs, whose runner says how they ended when it could. */
function isProgram(index: number): boolean {
  return index % 3 === 0;
}

const indexOf = new Map(Array.from({ length: RUNS }, (_, index) => [aKey(index), index]));

function planOf(index: number, chance: () => number): RunPlan {
  const [end = WELL] = ENDS[index % ENDS.length] ?? [];
  const result = `result ${index}`;
  const outcome = end === WELL ? { ok: true, endedAt: 1 } : { ok: false, endedAt: 1, reason: 'exit_code', message: 'it raised' };
  const words = deflateSync(JSON.stringify({ outcome, reports: [], shownBytes: result.length + 1 })).toString('base64');
  const logs = end === WELL || end === RAISED ? `${result}\n\n${LAST_WORDS}${words}\n` : `${result}\n`;
  // on a cluster that is taken away they would end otherwise, and rightly so
  return { queuedMs: chance() * MINUTE, pendingMs: chance() * MINUTE, runningMs: chance() * 30 * MINUTE, terminatingMs: chance() * 10_000, end, output: { result, logs } };
}

let directory: string;
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'trainyard-workspace-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('a day at Databricks in which much goes wrong', () => {
  it.each([1, 777_777])('loses, doubles and confuses no run (seed %i)', { timeout: 300_000 }, async (seed) => {
    const chance = chanceFrom(seed);
    await using test = new TestEngine({ directory, config: { lookEveryMs: 15_000 } });
    test.workspace.runs.plan = ({ parameters }) => planOf(Number(parameters['index']), chance);
    test.workspace.runs.program = ({ parameters }) => planOf(indexOf.get(parameters?.at(-1) ?? '') ?? -1, chance);
    test.workspace.chaos = () => (chance() < 0.1 ? { what: one(chance, FAULTS), after: chance() < 0.5 } : undefined);
    for (const { at, happen } of plan(test, chance)) {
      await test.clock.advance(Math.max(0, at - test.clock.now()));
      await happen();
    }
    test.workspace.down = false;
    for (let index = 0; index < RUNS; index++) await checkOne(test, index);
    const reaped = Promise.all([...indexOf.keys()].map((key) => test.engine.reap(key)));
    await test.clock.until('all is forgotten', async () => (await test.engine.keys()).length === 0);
    await reaped;
    expect(readdirSync(join(directory, 'Workspace/Users/ann@example.com/.trainyard/attempts'))).toEqual([]);
    expect(test.workspace.runs.all()).toHaveLength(RUNS);
    expect(test.workspace.busiestSecond()).toBeLessThan(100);
  });
});

async function checkOne(test: TestEngine, index: number): Promise<void> {
  const key = aKey(index);
  const outcome = await test.end(key);
  const run = test.workspace.runs.all().find(({ request }) => request.idempotency_token === key);
  const words = ENDS.find(([end]) => end === run?.end)?.[1];
  expect({ index, ended: run?.isOver }).toEqual({ index, ended: true });
  expect(words, `run ${index}, which ended with ${run?.end?.code}`).toContain(outcome.ok ? undefined : outcome.reason);
  const result = run?.output.result;
  expect(await test.log(key)).toContain(result === undefined ? '' : `${result}\n`);
  if (isProgram(index)) return;
  // the server was told the same, once, in order
  const told = test.delivered.get(key)?.map(({ report }) => report) ?? [];
  expect(told.map(({ seq }) => seq)).toEqual(told.map((_, at) => at + 1));
  expect(told.at(-1)).toMatchObject({ kind: 'outcome', outcome });
}
