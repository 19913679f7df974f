import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../server-process.ts';
import { OnDemandProcess } from './on-demand-process.ts';

const WINE = resolve(import.meta.dirname, '../../examples/wine');
const FIRST_BUILD_MS = 900_000;

function notebook(...cells: readonly string[]): string {
  return JSON.stringify({ nbformat: 4, metadata: {}, cells: cells.map((source) => ({ cell_type: 'code', metadata: {}, source })) });
}

/** Notebooks that need nothing but a Python. */
const NOTEBOOKS: Readonly<Record<string, string>> = {
  'ok.ipynb': notebook('import os\nopen(os.environ["TRAINYARD_OUTPUT_DIR"] + "/model.txt", "w").write("weights")', 'dbutils.notebook.exit(dbutils.widgets.get("alpha"))'),
  'slow.ipynb': notebook('import time\ntime.sleep(3)', 'dbutils.notebook.exit("slept")'),
  'bad.ipynb': notebook('x = 1', 'x / 0'),
};

let service: OnDemandProcess;
beforeEach(async () => {
  service = new OnDemandProcess({ ON_DEMAND_ENGINE: 'local', ON_DEMAND_SOURCE: 'notebooks', DATABRICKS_TYPE_MAPPING: '{"ok":"/ok","slow":"/slow","bad":"/bad.ipynb"}' });
  mkdirSync(join(service.dir, 'notebooks'));
  for (const [name, text] of Object.entries(NOTEBOOKS)) writeFileSync(join(service.dir, 'notebooks', name), text);
  await service.start();
});
afterEach(() => service.dispose());

async function train(modelType: string, parameters: object = {}): Promise<unknown> {
  const { status, json } = await service.post('/train', { modelType, parameters });
  expect([status, Object.keys(json)]).toEqual([200, ['runId']]);
  return json['runId'];
}

describe('the on-demand service', () => {
  it('says that it is up, that it asks for no token, and trains', async () => {
    expect(await service.get('/')).toEqual({ status: 200, type: 'text/html; charset=utf-8', json: { text: 'Training Service is up.' } });
    expect(service.output).toMatch(/no token is asked for.*ON_DEMAND_AUTH=token closes it/);
    expect(await service.ended(await train('ok', { alpha: 0.25 }))).toEqual({ state: 'completed', message: '', result: '0.25' });
  });

  it('tells what went wrong in the notebook', async () => {
    const status = await service.ended(await train('bad'));
    expect(status).toMatchObject({ state: 'completed', message: 'bad.ipynb: cell 2 of 2 failed: ZeroDivisionError: division by zero', error: { reason: 'exit_code', trace: expect.stringContaining('File "<cell 2>", line 1') as string } });
  });

  it('is followed from pending over running to completed, never back', async () => {
    const run = await train('slow');
    const seen: unknown[] = [];
    await waitFor('the run is over', async () => {
      const { json } = await service.get(`/${String(run)}`);
      expect(json['message']).toEqual(expect.any(String));
      if (seen.at(-1) !== json['state']) seen.push(json['state']);
      return json['state'] === 'completed';
    });
    expect(seen).toEqual(['pending', 'running', 'completed']);
  });

  it('that is killed (-9) right behind its answer loses nothing and doubles nothing', async () => {
    const key = { 'idempotency-key': 'request-1' };
    const { json } = await service.post('/train', { modelType: 'ok', parameters: { alpha: 'x' } }, key);
    await service.end('SIGKILL');
    await service.start();
    expect((await service.post('/train', { modelType: 'ok', parameters: { alpha: 'x' } }, key)).json).toEqual(json);
    expect(await service.ended(json['runId'])).toMatchObject({ state: 'completed', message: '', result: 'x' });
    expect(await train('ok')).toBe(Number(json['runId']) + 1);
  });

  it('that is killed (-9) while it trains finds the run again', async () => {
    const run = await train('slow');
    await waitFor('it runs', async () => (await service.get(`/train/${String(run)}`)).json['state'] === 'running');
    await service.end('SIGKILL');
    await service.start();
    expect(await service.ended(run)).toMatchObject({ state: 'completed', message: '', result: 'slept' });
  });

  it('ends at a polite signal', async () => {
    await service.end('SIGTERM');
    expect(service.output).toContain('stopping');
    await expect(service.get('/')).rejects.toThrow('fetch failed');
  });
});

describe('the wine notebook of the examples', () => {
  it('trains and registers its model', { timeout: FIRST_BUILD_MS }, async () => {
    const wine = new OnDemandProcess({ ON_DEMAND_ENGINE: 'local', ON_DEMAND_SOURCE: WINE, DATABRICKS_TYPE_MAPPING: '{"wine":"/wine_notebook"}' });
    try {
      await wine.start();
      const { json } = await wine.post('/', { modelType: 'wine', parameters: { alpha: 0.36, l1_ratio: '0.33' } });
      let status: Record<string, unknown> = {};
      const deadline = performance.now() + FIRST_BUILD_MS;
      while (!['completed', 'error'].includes(String(status['state'])) && performance.now() < deadline) status = await wine.ended(json['runId']).catch(() => status);
      expect(status).toEqual({ state: 'completed', message: '', result: expect.stringMatching(/^0\.7\d+$/) as string });
    } finally {
      await wine.dispose();
    }
  });
});

describe('a start that cannot work', () => {
  const whole = { DATABRICKS_WORKSPACE_URL: 'https://w.example', DATABRICKS_AUTH_TOKEN: 't', DATABRICKS_CLUSTER_ID: 'c', DATABRICKS_RUN_TIMEOUT: '3600', DATABRICKS_TYPE_MAPPING: '{"wine":"/wine"}' };

  it.each([
    ['DATABRICKS_WORKSPACE_URL', '', 'Environment variable DATABRICKS_WORKSPACE_URL was not supplied or empty'],
    ['DATABRICKS_TYPE_MAPPING', '{wine', 'Environment variable DATABRICKS_TYPE_MAPPING with invalid json: {wine'],
  ])('ends with the words of the original: %s=%j', async (name, value, words) => {
    const broken = new OnDemandProcess({ ...whole, [name]: value });
    try {
      expect(await broken.startInVain()).toBe(1);
      expect(broken.output).toContain(words);
    } finally {
      await broken.dispose();
    }
  });

  it('also when the variables stand in a dotenv file', async () => {
    const broken = new OnDemandProcess({});
    try {
      writeFileSync(join(broken.dir, '.env'), 'DATABRICKS_TYPE_MAPPING={"wine":"/wine"}\n');
      expect(await broken.startInVain()).toBe(1);
      expect(broken.output).toContain('Environment variable DATABRICKS_WORKSPACE_URL was not supplied or empty');
    } finally {
      await broken.dispose();
    }
  });
});
