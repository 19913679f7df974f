import type { Report } from '@trainyard/core/training/outcome.ts';
import { type FakeRun, RAISED, WELL } from '@trainyard/testkit/fake-databricks/fake-run.ts';
import { describe, expect, it } from 'vitest';
import { aKey, TestEngine } from './test-engine.ts';

const RUNS = 1_000;
const KEYS = Array.from({ length: RUNS }, (_, index) => aKey(index));

/** By key: how long after its end at Databricks the server was told of it, and then of the output as well. */
function delaysOf(test: TestEngine): { readonly seen: number; readonly whole: number }[] {
  const runs = new Map(test.workspace.runs.all().map((run: FakeRun) => [run.request.idempotency_token ?? '', run]));
  return KEYS.map((key) => {
    const told = test.delivered.get(key) ?? [];
    const after = (is: (report: Report) => boolean): number => (told.find(({ report }) => is(report))?.at ?? Number.POSITIVE_INFINITY) - (runs.get(key)?.endedAt ?? 0);
    return { seen: after((report) => report.kind === 'step' && report.step === 'train' && report.state !== 'running'), whole: after((report) => report.kind === 'outcome') };
  });
}

function slowest(test: TestEngine): { readonly seen: number; readonly whole: number } {
  const delays = delaysOf(test);
  return { seen: Math.max(...delays.map(({ seen }) => seen)), whole: Math.max(...delays.map(({ whole }) => whole)) };
}

async function follow(test: TestEngine): Promise<void> {
  for (const key of KEYS) await test.submit(key);
  const isOver = (key: string): boolean => test.delivered.get(key)?.at(-1)?.report.kind === 'outcome';
  await test.clock.until('the end of all runs', () => KEYS.every(isOver));
}

function outcomes(test: TestEngine): { well: number; badly: number } {
  const told = KEYS.map((key) => test.delivered.get(key)?.at(-1)?.report).filter((report) => report?.kind === 'outcome');
  return { well: told.filter(({ outcome }) => outcome.ok).length, badly: told.filter(({ outcome }) => !outcome.ok && outcome.reason === 'exit_code').length };
}

describe(`${RUNS} simultaneous runs at Databricks`, () => {
  it('are followed with fewer than 100 calls a second, every end seen within 10 s', { timeout: 300_000 }, async () => {
    await using test = new TestEngine({ latencyMs: 150 });
    // between 2 and 12 minutes, a third of them badly: nearly two ends in each second
    test.workspace.runs.plan = ({ parameters }) => ({ pendingMs: 30_000, runningMs: 120_000 + Number(parameters['n']) * 600, end: Number(parameters['n']) % 3 === 0 ? RAISED : WELL });
    for (const [index, key] of KEYS.entries()) await test.submit(key, { hyperParameters: { n: index } });
    await follow(test);
    expect(outcomes(test)).toEqual({ well: 666, badly: 334 });
    expect(test.workspace.runs.all()).toHaveLength(RUNS);
    const { seen, whole } = slowest(test);
    expect([seen, whole].map((ms) => ms < 10_000)).toEqual([true, true]);
    expect(test.workspace.busiestSecond()).toBeLessThan(100);
  });

  it('may all end in the same moment, among many runs of others', { timeout: 300_000 }, async () => {
    await using test = new TestEngine({ latencyMs: 150 });
    const end = test.clock.now() + 300_000;
    test.workspace.runs.plan = () => ({ runningMs: Math.max(0, end - test.clock.now()) });
    for (let other = 0; other < 200; other++) test.workspace.runs.submit({ run_name: 'of somebody else', tasks: [{ task_key: 't', notebook_task: { notebook_path: '/Other' } }] });
    await follow(test);
    expect(outcomes(test)).toEqual({ well: RUNS, badly: 0 });
    const { seen, whole } = slowest(test);
    expect(seen).toBeLessThan(10_000);
    // each output is a call of its own: within the limits of the workspace a thousand take longer than 10 s, whoever fetches them
    expect(whole).toBeLessThan(20_000);
    expect(test.workspace.busiestSecond()).toBeLessThan(100);
  });
});
