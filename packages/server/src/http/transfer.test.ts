import { RECORD_KINDS, type TransferRecord } from '@trainyard/core/tracking/records/record.ts';
import { writeRecord } from '@trainyard/core/tracking/records/write-record.ts';
import type { ImportAnswer } from '@trainyard/api/schemas/transfer.ts';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunTokens } from '../auth/run-token.ts';
import { KeyFile } from '../platform/key-file.ts';
import { openDatabase } from '../stores/sql/database.ts';
import { TestServer } from './test-server.ts';

let server: TestServer;
beforeEach(async () => void (server = await TestServer.open()));
afterEach(() => server.close());

const RUN = 'a'.repeat(32);
const DELETED = 'd'.repeat(32);
const MODEL = `m-${'b'.repeat(32)}`;

const run: TransferRecord = {
  kind: 'run',
  id: RUN,
  experiment: 'wine',
  name: 'first',
  userId: 'ann',
  status: 'FINISHED',
  startTime: 2n ** 60n,
  endTime: 5,
  stage: 'active',
  deletedAt: null,
  artifactUri: null,
  params: [{ key: 'alpha', value: '0.1' }],
  tags: [{ key: 'mlflow.runName', value: 'first' }],
  datasets: [{ name: 'grapes', digest: '1', tags: [{ key: 'mlflow.data.context', value: 'training' }] }],
  inputModels: [],
  outputModels: [{ modelId: MODEL, step: 3 }],
  metrics: 1,
  points: 3,
};
const deleted: TransferRecord = { ...run, id: DELETED, name: 'gone', status: 'RUNNING', endTime: null, stage: 'deleted', deletedAt: 7, artifactUri: 's3://bucket/x', params: [], datasets: [], outputModels: [], points: 1 };
const points: TransferRecord = { kind: 'points', runId: RUN, key: 'loss', steps: [0, -1, 2n ** 62n], timestamps: [6, 5, 5], values: [1, Number.NaN, 0.1 + 0.2] };

/** In the order of a history: by timestamp, step and value. */
const sorted: TransferRecord = { ...points, steps: [-1, 2n ** 62n, 0], timestamps: [5, 5, 6], values: [Number.NaN, 0.1 + 0.2, 1] };

/** One of everything. */
const everything: readonly TransferRecord[] = [
  { kind: 'experiment', name: 'Default', stage: 'active', createdAt: 1, updatedAt: 2, artifactLocation: null, tags: [] },
  { kind: 'experiment', name: 'wine', stage: 'deleted', createdAt: 3, updatedAt: 4, artifactLocation: null, tags: [{ key: 'team', value: 'reds' }] },
  { kind: 'dataset', experiment: 'wine', dataset: { name: 'grapes', digest: '1', sourceType: 'http', source: 'https://host/x', schema: '{}' } },
  run,
  deleted,
  points,
  { kind: 'points', runId: DELETED, key: 'loss', steps: [1], timestamps: [1], values: [1] },
  { kind: 'logged_model', id: MODEL, experiment: 'wine', name: 'model', modelType: 'agent', sourceRunId: RUN, status: 'READY', statusMessage: null, artifactUri: null, createdAt: 1, updatedAt: 2, params: [{ key: 'depth', value: '3' }], tags: [], points: 1 },
  { kind: 'model_points', modelId: MODEL, runId: RUN, key: 'rmse', datasetName: 'grapes', datasetDigest: '1', steps: [3], timestamps: [9], values: [0.5] },
  { kind: 'registered_model', name: 'wine', description: 'reds', createdAt: 1, updatedAt: 2, lastVersion: 4, tags: [{ key: 'owner', value: 'ann' }] },
  { kind: 'model_version', name: 'wine', version: 1, createdAt: 1, updatedAt: 2, description: null, userId: 'ann', stage: 'Staging', source: `models:/${MODEL}`, storageLocation: `artifacts:/models/${MODEL}`, runId: RUN, runLink: null, modelId: MODEL, tags: [], aliases: ['champion'] },
  { kind: 'model_version', name: 'wine', version: 3, createdAt: 1, updatedAt: 2, description: 'three', userId: null, stage: 'None', source: `artifacts:/runs/${RUN}/model`, storageLocation: `artifacts:/runs/${RUN}/model`, runId: RUN, runLink: null, modelId: null, tags: [{ key: 'k', value: 'v' }], aliases: [] },
];

async function send(lines: readonly (TransferRecord | string)[], { check = false, to = server }: { readonly check?: boolean; readonly to?: TestServer } = {}): Promise<ImportAnswer> {
  const payload = lines.map((line) => (typeof line === 'string' ? line : writeRecord(line))).join('\n');
  const response = await to.call({ method: 'POST', url: '/api/v1/import', query: { check: String(check) }, headers: { 'content-type': 'application/octet-stream' }, payload });
  expect([response.statusCode, response.body]).toEqual([200, expect.any(String)]);
  return response.json();
}

async function readAll(limit: number, from = server): Promise<string[]> {
  const lines: string[] = [];
  for (const kind of RECORD_KINDS) {
    let cursor: string | undefined;
    do {
      const of = kind === 'points' ? [RUN, DELETED] : [MODEL];
      const query = new URLSearchParams({ kind, limit: String(limit), ...(cursor === undefined ? {} : { cursor }) });
      if (kind.endsWith('points')) for (const id of of) query.append('of', id);
      const response = await from.call({ method: 'GET', url: `/api/v1/export?${query.toString()}` });
      expect([response.statusCode, response.body]).toEqual([200, expect.any(String)]);
      lines.push(...response.body.split('\n').filter((line) => line !== ''));
      cursor = response.headers['x-next-cursor'] as string | undefined;
    } while (cursor !== undefined);
  }
  return lines;
}

const none = { new: 0, updated: 0, there: 0, refused: 0 };

describe('records', () => {
  it('go in, and come out as they went in, a page at a time', async () => {
    const answer = await send(everything);
    expect(answer).toMatchObject({ lines: everything.length, refused: [], kinds: { run: { ...none, new: 2 }, experiment: { ...none, new: 1, updated: 1 }, model_version: { ...none, new: 2 } } });
    const written = everything.map((record) => writeRecord(record === points ? sorted : record));
    const one = await readAll(1);
    expect(one.toSorted()).toEqual(written.toSorted());
    expect(await readAll(500)).toEqual(one);
  });

  it('change nothing when they come again', async () => {
    await send(everything);
    const before = await readAll(100);
    const again = await send([...everything, ...everything]);
    expect(again.kinds).toMatchObject({ experiment: { ...none, there: 4 }, dataset: { ...none, there: 2 }, run: { ...none, there: 4 }, logged_model: { ...none, there: 2 }, registered_model: { ...none, there: 2 }, model_version: { ...none, there: 4 } });
    expect([again.refused, again.notes]).toEqual([[], []]);
    expect(await readAll(100)).toEqual(before);
  });

  it('are the same on another server that numbers its experiments otherwise', async () => {
    await send(everything);
    const other = await TestServer.open();
    await send([{ kind: 'experiment', name: 'first here', stage: 'active', createdAt: 1, updatedAt: 1, artifactLocation: null, tags: [] }], { to: other });
    await send(await readAll(100), { to: other });
    expect((await readAll(100, other)).filter((line) => !line.includes('first here'))).toEqual(await readAll(100));
    await other.close();
  });

  it('are checked by counting, without writing', async () => {
    expect(await send(everything.slice(0, 2), { check: true })).toMatchObject({ kinds: { experiment: { new: 1, updated: 1 } } });
    expect(await readAll(100)).toHaveLength(1);
    await send(everything);
    const countable = everything.filter(({ kind }) => !kind.endsWith('points'));
    expect((await send(countable, { check: true })).here).toEqual({ experiments: 2, datasets: 1, runs: 2, params: 2, tags: 5, metrics: 2, points: 4, datasetUses: 1, modelLinks: 1, loggedModels: 1, modelPoints: 1, registeredModels: 1, modelVersions: 2, aliases: 1 });
    expect((await send([{ ...run, points: 4 } as TransferRecord], { check: true })).refused).toEqual([{ line: 1, record: `run ${RUN}`, text: 'has 3 points here, the record counts 4' }]);
  });

  it('never write over what is here: the conflict is named', async () => {
    await send(everything);
    const { refused, notes } = await send([
      { ...run, params: [{ key: 'alpha', value: '0.2' }], status: 'FAILED' } as TransferRecord,
      { kind: 'model_version', name: 'wine', version: 3, createdAt: 1, updatedAt: 2, description: null, userId: null, stage: 'None', source: 's3://other/x', storageLocation: null, runId: null, runLink: null, modelId: null, tags: [], aliases: [] },
      { kind: 'model_version', name: 'wine', version: 5, createdAt: 1, updatedAt: 2, description: null, userId: null, stage: 'None', source: 's3://other/x', storageLocation: null, runId: null, runLink: null, modelId: null, tags: [], aliases: ['champion'] },
      { kind: 'experiment', name: 'wine', stage: 'active', createdAt: 3, updatedAt: 4, artifactLocation: null, tags: [{ key: 'team', value: 'whites' }] },
    ]);
    expect(refused).toEqual([
      { line: 1, record: `run ${RUN}`, text: 'is here with something else: status, params' },
      { line: 2, record: "version 3 of 'wine'", text: expect.stringMatching(/^that number is taken here by one from mlflow-artifacts:/) as string },
    ]);
    expect(notes.map(({ text }) => text)).toEqual(["the alias 'champion' means version 1 here, and goes on to", 'is deleted here, and stays that', 'keeps the values of its tags here: team']);
    expect(await readAll(100)).toContain(writeRecord(run));
  });

  it('bring a run up to date that was under way', async () => {
    const before = { ...run, status: 'RUNNING' as const, endTime: null, params: [], points: null };
    await send([...everything.slice(0, 3), before]);
    expect((await send([run])).kinds.run).toEqual({ ...none, updated: 1 });
    expect((await send([run])).kinds.run).toEqual({ ...none, there: 1 });
  });

  it('are refused without what they name', async () => {
    const { refused } = await send([run, points, everything[7]!, everything[8]!, everything[10]!]);
    expect(refused.map(({ text }) => text)).toEqual([
      "there is no experiment 'wine' here: its own record comes before",
      `there is no run ${RUN} here: its own record comes before`,
      "there is no experiment 'wine' here: its own record comes before",
      `there is no logged model ${MODEL} here: its own record comes before`,
      "there is no registered model 'wine' here: its own record comes before",
    ]);
  });
});

describe('hostile records', () => {
  it('are refused with the numbers of their lines, and the others are taken', async () => {
    const bomb = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const answer = await send(['not json', '{"kind":"run","id":"../../etc/passwd"}', bomb, '', everything[1]!, '{"kind":"points"', writeRecord(everything[1]!).replace('"s', '"\\u0000s')]);
    expect(answer.refused.map(({ line }) => line)).toEqual([1, 2, 3, 6, 7]);
    expect(answer.kinds.experiment).toMatchObject({ new: 1, refused: 0 });
  });

  it('may be as long as they like: no more than a line is kept', async () => {
    const long = `{"kind":"experiment","name":"${'x'.repeat(33 * 1024 * 1024)}"}`;
    expect(await send([long, everything[1]!])).toMatchObject({ refused: [{ line: 1, text: 'the line is longer than 33554432 bytes' }], kinds: { experiment: { new: 1 } } });
  });

  it('never make the server open what they name', async () => {
    const version = { kind: 'model_version', name: 'wine', version: 1, createdAt: 1, updatedAt: 1, stage: 'None' };
    const sources = ['/etc/passwd', 'file:///etc/passwd', 'FILE:///etc/passwd', `artifacts:/runs/${RUN}/../../x`, `artifacts:/runs/${RUN}/%2e%2e/x`, 'mlflow-artifacts:/1/x/artifacts', '../x', 'C:/x'];
    const { refused } = await send([everything[9]!, ...sources.map((source) => JSON.stringify({ ...version, source }))]);
    expect(refused.map(({ line }) => line)).toEqual(sources.map((_, index) => index + 2));
  });

  it('are for users: the token of a run neither brings any nor reads them', async () => {
    const spec = { model: { name: 'wine', version: 1 }, toolchain: 'command', args: ['true'], algorithmSource: { git: { url: 'https://example.com/wine.git' } } };
    const made = await server.call({ method: 'POST', url: '/api/v1/trainings', payload: { kind: 'ModelTraining', id: 'wine', spec } });
    const { status } = made.json<{ status: { runId: string } }>();
    const database = await openDatabase(`sqlite://${server.dir}/trainyard.db`);
    await database.read.updateTable('runs').set({ state: 'running', attempt: 1 }).execute();
    await database.close();
    const authorization = `Bearer ${new RunTokens(new KeyFile(join(server.dir, 'keys.json')).signingKey).issue({ runId: status.runId, attempt: 1 })}`;
    expect((await server.anonymous({ method: 'GET', url: `/api/2.0/mlflow/runs/get?run_id=${status.runId}`, headers: { authorization } })).statusCode).toBe(200);
    for (const call of [{ method: 'POST', url: '/api/v1/import' }, { method: 'POST', url: '/api/v1/import?check=true' }, { method: 'GET', url: '/api/v1/export?kind=run' }, { method: 'GET', url: `/api/v1/export?kind=artifact&of=${status.runId}` }] as const) {
      const refused = await server.anonymous({ ...call, headers: { authorization, 'content-type': 'application/octet-stream' } });
      expect([call.url, refused.statusCode, refused.json<{ error: { code: string } }>().error.code]).toEqual([call.url, 403, 'FORBIDDEN']);
    }
  });

  it('and cursors that nobody gave are refused', async () => {
    for (const [kind, cursor] of [['run', 'x'], ['points', 'x'], ['points', Buffer.from('[1]').toString('base64url')]]) {
      const response = await server.call({ method: 'GET', url: `/api/v1/export?kind=${kind}&of=${RUN}&cursor=${cursor}` });
      expect(response.statusCode).toBe(400);
    }
  });
});
