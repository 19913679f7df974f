import type { TrainingSpec } from '@trainyard/core/training/spec.ts';
import { aSpec } from '@trainyard/testkit/builders.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunRecord } from '../stores/runs.ts';
import { Secrets } from '../usecases/secrets.ts';
import { TestConnections } from '../usecases/test-connections.ts';
import { ToolchainIntegrations } from '../usecases/toolchain-integrations.ts';
import { assign, type AssignParts } from './assign.ts';

let test: TestConnections;
let parts: AssignParts;
beforeEach(async () => {
  test = await TestConnections.open();
  parts = {
    secrets: new Secrets(test.stores.secrets, test.seal, () => 0),
    connections: test.connections,
    integrations: new ToolchainIntegrations(test.stores.toolchains),
    toolchains: ['mlflow', 'command'],
    tokens: { issue: () => 'token' },
    serverUrl: () => 'http://127.0.0.1:5000',
    limits: { logBytes: 1, sourceBytes: 1, sourceEntries: 1, dataBytes: 1, dataEntries: 1, environmentBytes: 1, deliverForMs: 1 },
  };
});
afterEach(() => test.close());

const assigned = (changes: Record<string, unknown> = {}) => assign(aRun(aSpec(changes)), parts);

function aRun(spec: TrainingSpec): RunRecord {
  // of a record only these are read
  return { id: 'f'.repeat(32), number: 1, trainingId: 'wine', attempt: 1, experimentId: '1', project: spec.project, spec } as RunRecord;
}

describe('an assignment', () => {
  it('opens the connections the training names, and no other', async () => {
    for (const id of ['data', 'output', 'other']) await test.connections.create(id, { type: 's3', uri: 's3://b', keySecret: 'secret', vital: false });
    const { order } = await assigned({ data: [{ connection: 'data', localPath: 'd' }], outputConnection: 'output' });
    expect(Object.keys(order.connections)).toEqual(['data', 'output']);
    expect(order.connections['data']).toMatchObject({ keySecret: 'secret' });
    expect((await assigned()).order.connections).toEqual({});
  });

  it('says what was deleted since', async () => {
    await expect(assigned({ outputConnection: 'gone' })).rejects.toMatchObject({ code: 'CONNECTION_NOT_FOUND', message: "there is no connection 'gone'" });
    await expect(assigned({ secretEnvs: [{ name: 'A', secret: 'gone' }] })).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND' });
    await expect(assigned({ toolchain: 'gone' })).rejects.toMatchObject({ code: 'TOOLCHAIN_NOT_FOUND' });
  });

  it('hands a toolchain of users on, with its image unless the training has one', async () => {
    const integration = { entrypoint: '/opt/train', defaultImage: 'image:1', additionalEnvironments: { A: '1' } };
    await test.stores.toolchains.create({ id: 'mine', spec: integration });
    const { order, image } = await assigned({ toolchain: 'mine', envs: [{ name: 'B', value: '2' }] });
    expect([order.toolchain, image, order.spec.envs]).toEqual([integration, 'image:1', [{ name: 'B', value: '2' }]]);
    expect((await assigned({ toolchain: 'mine', image: 'other:2' })).image).toBe('other:2');
  });

  it("hands ODAHU's integration of a built-in toolchain on as well, for its variables, but not its image", async () => {
    const integration = { entrypoint: '/opt/conda/bin/odahu-flow-mlflow-runner', defaultImage: 'odahu', additionalEnvironments: { A: '1' } };
    await test.stores.toolchains.edit('mlflow', integration);
    const { order, image } = await assigned({ toolchain: 'mlflow' });
    expect([order.toolchain, image]).toEqual([integration, undefined]);
    expect((await assigned({ toolchain: 'mlflow', image: 'mine:1' })).image).toBe('mine:1');
  });

  it('goes on with a built-in toolchain whose integration was deleted', async () => {
    await test.stores.toolchains.delete('mlflow');
    expect((await assigned({ toolchain: 'mlflow' })).order.toolchain).toBeUndefined();
  });

  it('takes the image of another program that somebody put in the place of a built-in toolchain', async () => {
    await test.stores.toolchains.edit('mlflow', { entrypoint: '/opt/mine', defaultImage: 'image:1', additionalEnvironments: {} });
    expect(await assigned({ toolchain: 'mlflow' })).toMatchObject({ image: 'image:1', order: { toolchain: { entrypoint: '/opt/mine' } } });
  });
});
