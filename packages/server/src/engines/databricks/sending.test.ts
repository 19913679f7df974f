import type { Fault } from '@trainyard/testkit/fake-databricks/fake-workspace.ts';
import { describe, expect, it } from 'vitest';
import { pauseAfter } from './background/send.ts';
import { aKey, TestEngine } from './test-engine.ts';
import { WorkspaceTrouble } from './workspace/workspace-error.ts';

const KEY = aKey('one');
const MINUTE = 60_000;
const CUT: Fault = { on: '/submit', after: true, what: 'cut' };
const BROKEN: Fault = { on: '/submit', times: 1_000_000, what: { status: 500 } };

function open(): TestEngine {
  const test = new TestEngine();
  test.workspace.runs.plans.set('/Train', { runningMs: 60 * MINUTE });
  return test;
}

function refusal(status: number, code: string, message: string): Fault {
  return { on: '/submit', what: { status, body: JSON.stringify({ error_code: code, message }) } };
}

/** How the runs in the workspace are, as they were made. */
function runs({ workspace }: TestEngine): unknown[] {
  return workspace.runs.all().map(({ phase, end }) => end?.code ?? phase);
}

async function isForgotten(test: TestEngine): Promise<boolean> {
  return (await test.engine.keys()).length === 0;
}

describe('an attempt that was sent without an answer', () => {
  it('waits for the token when it is refused then, and is one run', async () => {
    await using test = open();
    test.workspace.fail(CUT);
    await test.submit(KEY);
    await test.clock.advance(200);
    test.workspace.credentials.revokeAll();
    await test.clock.advance(10 * MINUTE);
    expect((await test.engine.observe(KEY)).kind).not.toBe('exited');
    test.workspace.credentials.accept('dapi-secret');
    expect(await test.end(KEY, 70 * MINUTE)).toMatchObject({ ok: true });
    expect(runs(test)).toEqual(['SUCCESS']);
  });

  it('is cancelled once there is a token again, when nobody needs it any more', async () => {
    await using test = open();
    test.workspace.fail(CUT);
    await test.submit(KEY);
    await test.clock.advance(200);
    test.workspace.credentials.revokeAll();
    await test.clock.advance(MINUTE);
    await test.engine.reap(KEY);
    await test.clock.advance(MINUTE);
    expect([runs(test), await test.engine.keys()]).toEqual([['RUNNING'], [KEY]]);
    test.workspace.credentials.accept('dapi-secret');
    await test.clock.until('it is forgotten', () => isForgotten(test));
    expect(runs(test)).toEqual(['USER_CANCELED']);
  });

  it.each<[string, Fault]>([
    ['a right', refusal(403, 'PERMISSION_DENIED', 'not allowed to attach to the cluster')],
    ['a cluster that is gone by then', refusal(400, 'INVALID_PARAMETER_VALUE', 'Cluster c1 does not exist')],
  ])('is found in the lists when it is refused then for %s', async (_what, fault) => {
    await using test = open();
    test.workspace.fail(CUT);
    test.workspace.fail(fault);
    await test.submit(KEY);
    expect(await test.end(KEY, 70 * MINUTE)).toMatchObject({ ok: true });
    expect([runs(test), test.workspace.count('/submit')]).toEqual([['SUCCESS'], 2]);
  });

  it('fails when it is refused then and no list has it, not at once', async () => {
    await using test = open();
    test.workspace.fail({ on: '/submit', what: 'cut' });
    test.workspace.fail({ ...refusal(400, 'INVALID_PARAMETER_VALUE', 'no such node type'), times: 100 });
    await test.submit(KEY);
    await test.clock.advance(30_000);
    expect(await test.engine.observe(KEY)).toEqual({ kind: 'active' });
    expect(await test.end(KEY)).toMatchObject({ ok: false, reason: 'bad_spec', message: 'Databricks refuses the run: no such node type' });
  });

  it('is sent once more by who finds it so after a crash, whose refusal is no last word either', async () => {
    await using test = open();
    test.workspace.fail({ on: '/submit', after: true, what: 'stall' });
    await test.submit(KEY);
    await test.clock.advance(0);
    test.workspace.fail(refusal(403, 'PERMISSION_DENIED', 'not allowed'));
    await test.restart();
    expect(await test.end(KEY, 70 * MINUTE)).toMatchObject({ ok: true });
    expect(runs(test)).toEqual(['SUCCESS']);
  });
});

describe('stopping an attempt that is being sent', () => {
  it('ends it at once when the workspace cannot have heard of it', async () => {
    await using test = open();
    test.workspace.down = true;
    await test.submit(KEY);
    await test.clock.advance(60 * MINUTE);
    const [entry] = await test.book.list();
    // an outage is not noted with every try
    expect(entry?.revision).toBeLessThan(10);
    await test.engine.stop(KEY, 0);
    expect(await test.engine.observe(KEY)).toMatchObject({ kind: 'exited', outcome: { reason: 'cancelled', message: 'stopped before it was handed to Databricks' } });
    test.workspace.down = false;
    await test.clock.advance(20 * MINUTE);
    expect(runs(test)).toEqual([]);
  });

  it('ends it within minutes when the workspace breaks over it, and sends nothing more', async () => {
    await using test = open();
    test.workspace.fail(BROKEN);
    await test.submit(KEY);
    await test.clock.advance(40 * MINUTE);
    const sent = test.workspace.count('/submit');
    await test.engine.stop(KEY, 0);
    expect(await test.end(KEY, 2 * MINUTE)).toMatchObject({ ok: false, reason: 'cancelled', message: 'stopped; Databricks has no run of it' });
    expect([test.workspace.count('/submit'), runs(test)]).toEqual([sent, []]);
  });

  it.each([1, 40])('cancels the run that was made all the same, among %i of others', async (others) => {
    await using test = open();
    for (let other = 0; other < others; other++) test.workspace.runs.submit({ run_name: `wine #7 (${aKey(other)})`, tasks: [{ task_key: 't', notebook_task: { notebook_path: '/Train' } }] });
    test.workspace.fail({ ...BROKEN, after: true });
    await test.submit(KEY);
    for (let other = 0; other < others; other++) test.workspace.runs.submit({ run_name: 'later', tasks: [{ task_key: 't', notebook_task: { notebook_path: '/Train' } }] });
    await test.clock.advance(MINUTE);
    await test.engine.stop(KEY, 0);
    expect(await test.end(KEY, MINUTE)).toMatchObject({ reason: 'cancelled' });
    expect(runs(test).filter((word) => word !== 'RUNNING')).toEqual(['USER_CANCELED']);
  });

  it('concludes nothing from a list that does not come to an end', async () => {
    await using test = open();
    test.workspace.fail(BROKEN);
    test.workspace.fail({ on: '/runs/list', times: 1_000_000, what: { status: 200, body: '{"runs":[],"next_page_token":"round"}' } });
    await test.submit(KEY);
    await test.clock.advance(MINUTE);
    await test.engine.stop(KEY, 0);
    await test.clock.advance(30 * MINUTE);
    expect((await test.engine.observe(KEY)).kind).not.toBe('exited');
  });

  it('cancels what another server got through meanwhile', async () => {
    await using test = new TestEngine({ latencyMs: 4 * MINUTE });
    test.workspace.runs.plans.set('/Train', { runningMs: 60 * MINUTE });
    await test.submit(KEY);
    await test.clock.advance(MINUTE);
    const [entry] = await test.book.list();
    expect(entry?.record).toContain('"phase":"sending"');
    await test.book.remove(KEY);
    await test.clock.until('the run is cancelled', () => test.workspace.runs.all()[0]?.isOver === true);
    expect(runs(test)).toEqual(['USER_CANCELED']);
  });
});

describe('the pause before an attempt is sent again', () => {
  const pauses = (error: unknown): number[] => [0, 1, 2, 3, 4, 5, 50].map((failures) => pauseAfter(failures, error));

  it('grows to ten minutes when the workspace answers, and stays short when nobody does', () => {
    expect(pauses(new WorkspaceTrouble('busy', { answered: true }))).toEqual([500, 2_000, 8_000, 32_000, 128_000, 512_000, 600_000]);
    expect(pauses(new WorkspaceTrouble('away'))).toEqual([500, 2_000, 8_000, 30_000, 30_000, 30_000, 30_000]);
  });

  it('spares a workspace that breaks over it', async () => {
    await using test = open();
    test.workspace.fail(BROKEN);
    await test.submit(KEY);
    await test.clock.advance(3 * 60 * MINUTE);
    expect(test.workspace.count('/submit')).toBeLessThan(30);
  });
});
