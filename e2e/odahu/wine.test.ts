import { readFileSync, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { loadConnection } from '@trainyard/connections/catalog.ts';
import { SECRET_FIELDS } from '@trainyard/core/connection/connection-spec.ts';
import { Repository } from '@trainyard/testkit/repository.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonWithMlflow } from '@trainyard/testkit/python/mlflow.ts';
import { ServerProcess } from '../server-process.ts';
import { OdahuCli } from './odahu-cli.ts';
import { type Store, STORES } from './stores.ts';

const WINE = resolve(import.meta.dirname, '../../examples/wine');
const TYPES = Object.keys(STORES) as (keyof typeof STORES)[];
const FIRST_BUILD_MS = 900_000;

let server: ServerProcess;
let cli: OdahuCli;
let repository: Repository;
const stores = new Map<string, Store>();

beforeAll(async () => {
  repository = await Repository.make();
  // its python is the one on the server's PATH
  const project = readFileSync(join(WINE, 'MLproject'), 'utf8').replace('python_env: python_env.yaml\n', '');
  await repository.commit({ 'mlflow/wine/MLproject': project, 'mlflow/wine/train.py': readFileSync(join(WINE, 'train.py'), 'utf8') });
  server = new ServerProcess(undefined, { PATH: [dirname(await pythonWithMlflow()), process.env['PATH']].join(delimiter) });
  await server.start(['--local-roots', repository.root]);
  cli = await OdahuCli.make({ API_URL: server.url, API_TOKEN: server.token });
  cli.write('git.yaml', [{ kind: 'Connection', id: 'examples-git', spec: { type: 'git', uri: repository.url, reference: 'main' } }]);
  await cli.ok('conn', 'create', '-f', 'git.yaml');
  await Promise.all(TYPES.map(addStore));
}, FIRST_BUILD_MS);
afterAll(async () => {
  await cli?.remove();
  await server?.dispose(false);
  for (const { stop } of stores.values()) await stop();
  await repository?.remove();
});

/** A store that has the data, and the connection `data-<type>` to it. */
async function addStore(type: keyof typeof STORES): Promise<void> {
  const store = await STORES[type]();
  stores.set(type, store);
  const file = join(WINE, 'wine-quality.csv');
  await (await loadConnection(type)).put?.({ spec: store.spec, name: 'wine-quality.csv', file, sizeBytes: statSync(file).size }, { env: {}, signal: AbortSignal.timeout(60_000) });
  const encoded = Object.fromEntries(SECRET_FIELDS.flatMap((field) => (store.spec[field] === undefined ? [] : [[field, Buffer.from(store.spec[field] ?? '').toString('base64')]])));
  // by JSON: the original client has no word for an endpoint
  const answer = await fetch(`${server.url}/api/v1/connection`, { method: 'POST', headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' }, body: JSON.stringify({ id: `data-${type}`, spec: { ...store.spec, ...encoded } }) });
  if (answer.status !== 201) throw new Error(await answer.text());
}

function manifest(id: string, spec: Readonly<Record<string, unknown>>): string {
  const usual = { model: { name: 'wine', version: '3.0' }, entrypoint: 'main', workDir: 'mlflow/wine', hyperParameters: { alpha: '0.1' }, algorithmSource: { vcs: { connection: 'examples-git', reference: 'main' } } };
  return cli.write(`${id}.yaml`, [{ kind: 'ModelTraining', id, spec: { ...usual, ...spec } }]);
}

async function metricsOf(training: string): Promise<Readonly<Record<string, number>>> {
  const { items: [run] } = await server.client.call('listRuns', { query: { training } });
  const ended = await server.ended(run?.number ?? 0);
  if (ended.state !== 'succeeded') throw new Error(await server.log(ended.number));
  return ended.metrics;
}

describe("ODAHU's wine training", { timeout: FIRST_BUILD_MS }, () => {
  it('from a git connection, with data and model in a bucket, is one command', async () => {
    const file = manifest('wine', { toolchain: 'mlflow', data: [{ connection: 'data-s3', localPath: 'mlflow/wine/' }], outputConnection: 'data-s3', resources: { limits: { cpu: '1', memory: '2Gi' } } });
    const out = await cli.ok('train', 'create', '-f', file, '--timeout', '800');
    expect(out).toMatch(/GPPI self-check.*run 1 of wine succeeded: wine-3\.0-[0-9a-f-]{36}\.zip\nModel wine was trained\./s);
    const [training] = await cli.get('train', 'get', '--id', 'wine');
    const artifactName = await cli.ok('train', 'get', '--id', 'wine', '-o', 'jsonpath=$[0].status.artifacts[0].artifactName');
    expect(training).toMatchObject({ spec: { outputConnection: 'data-s3' }, status: { state: 'succeeded', artifacts: [{ artifactName: artifactName.trim(), runId: expect.stringMatching(/^[0-9a-f]{32}$/) as string }] } });
    expect((await metricsOf('wine'))['rmse']).toBeGreaterThan(0.5);
  });

  it('is the same whatever store its data comes from', async () => {
    const others = TYPES.filter((type) => type !== 's3');
    for (const type of others) await cli.ok('train', 'create', '-f', manifest(`wine-${type}`, { toolchain: 'mlflow-project', data: [{ connection: `data-${type}`, localPath: 'mlflow/wine/wine-quality.csv', remotePath: 'wine/wine-quality.csv' }] }), '--no-wait');
    const wanted = await metricsOf('wine');
    for (const type of others) expect([type, await metricsOf(`wine-${type}`)]).toEqual([type, wanted]);
  });
});
