import { EVERYTHING } from '@trainyard/core/access/reach.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { TrainingSpec } from '@trainyard/core/training/spec.ts';
import { describe, expect, it } from 'vitest';
import { Hub } from '../../platform/hub.ts';
import type { RunRecord } from '../../stores/runs.ts';
import type { Runs } from '../runs.ts';
import type { Trainings } from '../trainings.ts';
import { ModelTypes } from './model-types.ts';

/** A store that other servers write to as well: `beforeStart` happens between the look and the start. */
function aServer(beforeStart: (world: { runs: RunRecord[]; trainings: Map<string, TrainingSpec> }) => void = () => undefined) {
  const world = { runs: [] as RunRecord[], trainings: new Map<string, TrainingSpec>(), made: 0 };
  const trainings = {
    put: async (_kind: string, { id, spec }: { id: string; spec: TrainingSpec }) => {
      if (world.trainings.has(id)) throw new TrainyardError('TRAINING_EXISTS', { id });
      world.made++;
      world.trainings.set(id, JSON.parse(JSON.stringify(spec)) as TrainingSpec);
    },
    get: async (id: string) => ({ spec: world.trainings.get(id) }),
    start: async (id: string, spec: TrainingSpec, { runId = `new ${world.runs.length}` }: { runId?: string }) => {
      beforeStart(world);
      if (!world.trainings.has(id)) throw new TrainyardError('TRAINING_NOT_FOUND', { id });
      if (world.runs.some((run) => run.id === runId)) throw new Error('UNIQUE constraint failed: runs.id');
      const run = { id: runId, number: world.runs.length + 1, trainingId: id, project: 'on-demand', engine: 'local', state: 'queued', cancelRequestedAt: null, failure: null, facts: {}, warnings: [], spec } as unknown as RunRecord;
      world.runs.push(run);
      return run;
    },
  };
  const runs = {
    get: async (idOrNumber: string) => {
      const run = world.runs.find(({ id, number }) => id === idOrNumber || String(number) === idOrNumber);
      if (run === undefined) throw new TrainyardError('RUN_NOT_FOUND', { id: idOrNumber });
      return run;
    },
    list: async ({ training, before = Infinity, limit }: { training: string; before?: number; limit: number }) => world.runs.filter((run) => run.trainingId === training && run.state === 'queued' && run.number < before).toReversed().slice(0, limit),
  };
  const settings = { notebooks: new Map([['wine', '/wine']]), home: { kind: 'local_snapshot', digest: 'a'.repeat(64) } as const, timeoutMs: undefined };
  // as much of both as is called
  const hub = new Hub();
  const process = (coalesce: boolean): ModelTypes => new ModelTypes({ trainings: trainings as unknown as Trainings, runs: runs as unknown as Runs, hub, now: () => 0, settings, coalesce });
  const end = (number: number): void => {
    world.runs = world.runs.map((run) => (run.number === number ? { ...run, state: 'succeeded' } : run));
    for (const { id } of world.runs) hub.notify(`run:${id}`);
  };
  return { modelTypes: process(false), process, end, world };
}

const request = { modelType: 'wine', parameters: { alpha: '1' }, idempotencyKey: 'k', user: 'local', reach: EVERYTHING };

describe('a request that two servers have at the same time', () => {
  it('is one run', async () => {
    const { modelTypes, world } = aServer(({ runs }) => {
      if (runs.length === 0) runs.push({ id: theirId, number: 1, trainingId: 'on-demand-wine', project: 'on-demand', spec: { hyperParameters: { alpha: '1' } } } as unknown as RunRecord);
    });
    expect(await modelTypes.start(request)).toBe(1);
    expect(world.runs).toHaveLength(1);
  });

  it('and is another request there, is refused', async () => {
    const { modelTypes } = aServer(({ runs }) => void runs.push({ id: theirId, number: 1, trainingId: 'on-demand-wine', project: 'on-demand', spec: { hyperParameters: {} } } as unknown as RunRecord));
    await expect(modelTypes.start(request)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });
});

/** What the key `k` of the user `local` means, on every server and in every version: a client may try again after an upgrade. */
const theirId = '8ea566d76095bf717a70fb5cbe0b108d';

describe('the training of a model type', () => {
  it('is made once, and again when somebody deleted it', async () => {
    let deleted = 0;
    const { modelTypes, world } = aServer(({ trainings }) => {
      if (++deleted === 2) trainings.clear();
    });
    const ask = (): Promise<number> => modelTypes.start({ ...request, idempotencyKey: undefined });
    await ask();
    world.runs.length = 0;
    await ask();
    expect(world.made).toBe(2);
  });

  it('of an unknown type is refused with the known ones', async () => {
    const { modelTypes } = aServer();
    await expect((async () => modelTypes.start({ ...request, modelType: 'wien' }))()).rejects.toMatchObject({ code: 'MODEL_TYPE_NOT_FOUND', message: expect.stringContaining("(known: wine); did you mean 'wine'?") as string });
  });
});

it('a run is remembered without what it was asked for with', async () => {
  const { modelTypes } = aServer();
  const number = await modelTypes.start({ ...request, parameters: { large: 'x'.repeat(100_000) } });
  expect(JSON.stringify(await modelTypes.get(number, request)).length).toBeLessThan(1_000);
});

describe('with requests that are alike joined', () => {
  const plain = { ...request, idempotencyKey: undefined };

  it('one without a key joins a run that was started with one, in this process as after a restart', async () => {
    const { process, world } = aServer();
    const before = process(true);
    expect([await before.start({ ...plain, parameters: {} }), await before.start(request), await before.start(plain)]).toEqual([1, 2, 2]);
    expect(await process(true).start(plain)).toBe(2);
    expect(world.runs).toHaveLength(2);
  });

  it('one with a key has its own run, and the next without one joins the oldest that has not ended', async () => {
    const { process, end } = aServer();
    const server = process(true);
    expect([await server.start(plain), await server.start(request), await server.start(request), await server.start({ ...request, idempotencyKey: 'other' })]).toEqual([1, 2, 2, 3]);
    for (const [joined, ended] of [[1, 2], [1, 1], [3, 3]] as const) {
      expect([await server.start(plain), await process(true).start(plain)]).toEqual([joined, joined]);
      end(ended);
    }
    expect(await server.start(plain)).toBe(4);
  });

  it('more runs than fit on a page are found again', async () => {
    const { process, world } = aServer();
    const before = process(true);
    for (let index = 0; index < 120; index++) await before.start({ ...plain, parameters: { index: String(index) } });
    const after = process(true);
    expect(await Promise.all([0, 60, 119].map((index) => after.start({ ...plain, parameters: { index: String(index) } })))).toEqual([1, 61, 120]);
    expect(world.runs).toHaveLength(120);
  });
});
