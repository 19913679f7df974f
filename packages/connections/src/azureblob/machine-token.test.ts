import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScriptedServer } from '@trainyard/testkit/clouds/scripted-server.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HttpAgents } from '../transfer/http-agents.ts';
import { machineToken } from './machine-token.ts';

describe('the identity of a machine of Azure', () => {
  let service: ScriptedServer;
  const agents = new HttpAgents({ env: {} });
  let dir: string;

  beforeAll(async () => {
    service = await ScriptedServer.start();
    dir = await mkdtemp(join(tmpdir(), 'trainyard-identity-'));
    await writeFile(join(dir, 'token'), 'of-the-cluster\n');
  });
  beforeEach(() => {
    service.asked.length = 0;
    service.answer = { status: 200, body: JSON.stringify({ access_token: 'granted', expires_in: '3600' }) };
  });
  afterAll(async () => {
    agents.close();
    await service.stop();
    await rm(dir, { recursive: true });
  });

  it('asks the metadata service of a virtual machine once as long as the token is good', async () => {
    const token = machineToken(agents, { AZURE_POD_IDENTITY_AUTHORITY_HOST: service.url });
    expect([await token(undefined), await token(undefined)]).toEqual(['granted', 'granted']);
    expect(service.asked).toHaveLength(1);
    expect(service.asked[0]?.path).toMatch(/^\/metadata\/identity\/oauth2\/token\?.*resource=https%3A%2F%2Fstorage.azure.com%2F/);
    expect(service.asked[0]?.headers['metadata']).toBe('true');
  });

  it('shows the token of the cluster for workload identity', async () => {
    const env = { AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'client', AZURE_FEDERATED_TOKEN_FILE: join(dir, 'token'), AZURE_AUTHORITY_HOST: service.url };
    expect(await machineToken(agents, env)(undefined)).toBe('granted');
    expect(service.asked[0]?.path).toBe('/tenant/oauth2/v2.0/token');
    expect(Object.fromEntries(new URLSearchParams(service.asked[0]?.body))).toMatchObject({ client_assertion: 'of-the-cluster', client_id: 'client', scope: 'https://storage.azure.com/.default' });
  });

  it('is refused, in a word without secrets, where there is no identity', async () => {
    service.answer = { status: 400, body: JSON.stringify({ error: 'invalid_request', error_description: 'Identity not found: secret-words' }) };
    await expect(machineToken(agents, { IDENTITY_ENDPOINT: `${service.url}/msi`, IDENTITY_HEADER: 'h' })(undefined)).rejects.toMatchObject({ kind: 'refused', word: expect.not.stringContaining('secret-words') as string });
    expect(service.asked[0]?.headers['x-identity-header']).toBe('h');
  });
});
