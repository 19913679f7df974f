import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FakeIngestion } from '@trainyard/testkit/clouds/fake-ingestion.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OnDemandProcess } from './on-demand/on-demand-process.ts';

const KEY = '00000000-1111-2222-3333-444444444444';

let ingestion: FakeIngestion;
let service: OnDemandProcess;
beforeEach(async () => {
  ingestion = await FakeIngestion.start();
  service = new OnDemandProcess({ ON_DEMAND_ENGINE: 'local', ON_DEMAND_SOURCE: 'notebooks', DATABRICKS_TYPE_MAPPING: '{"ok":"/ok","bad":"/bad"}' });
  mkdirSync(join(service.dir, 'notebooks'));
  for (const [name, source] of [['ok', 'dbutils.notebook.exit("done")'], ['bad', '1 / 0']] as const) writeFileSync(join(service.dir, 'notebooks', `${name}.ipynb`), JSON.stringify({ nbformat: 4, metadata: {}, cells: [{ cell_type: 'code', metadata: {}, source }] }));
  writeFileSync(join(service.dir, '.env'), `APPLICATIONINSIGHTS_CONNECTION_STRING=${ingestion.connectionString(KEY)}\nSERVICE_NAME=training-service\n`);
});
afterEach(async () => {
  await service.dispose();
  await ingestion.stop();
});

describe('the telemetry of the on-demand service', () => {
  it('tells of its requests, its attempts and its runs, the last of them when it stops', async () => {
    await service.start();
    for (const modelType of ['ok', 'bad']) await service.ended((await service.post('/train', { modelType })).json['runId']);
    await service.end('SIGTERM');
    expect(ingestion.refused).toEqual([]);
    expect(ingestion.of('RequestData')).toContainEqual(expect.objectContaining({ tags: expect.objectContaining({ 'ai.cloud.role': 'training-service', 'ai.operation.name': 'POST /train' }) as object }));
    expect(ingestion.of('RequestData').map(({ data }) => data.baseData['name'])).toContain('GET /train/:id');
    expect(ingestion.of('RemoteDependencyData').map(({ data: { baseData } }) => [baseData['target'], baseData['resultCode'], baseData.properties['trainyard.toolchain']])).toEqual([['local', 'succeeded', 'notebook'], ['local', 'exit_code', 'notebook']]);
    const runs = ingestion.metric('trainyard.runs').map(({ value, properties }) => [properties['trainyard.state'], value]);
    expect(Object.fromEntries(runs)).toEqual({ succeeded: 1, failed: 1 });
  });

  it('holds up neither a training nor the end when nobody answers', async () => {
    ingestion.answers = undefined;
    await service.start();
    expect(await service.ended((await service.post('/', { modelType: 'ok' })).json['runId'])).toMatchObject({ state: 'completed', result: 'done' });
    expect(await service.exitCodeAfter('SIGTERM')).toBe(0);
  });
});
