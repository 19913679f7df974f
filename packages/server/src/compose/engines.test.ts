import { silentLogger } from '@trainyard/testkit/silent-logger.ts';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../config/read-config.ts';
import { readOnDemand } from '../config/read-on-demand.ts';
import { type EngineParts, loadEngines } from './engines.ts';

const ON_DEMAND = {
  DATABRICKS_WORKSPACE_URL: 'https://one.example.org/',
  DATABRICKS_AUTH_TOKEN: 'abc',
  DATABRICKS_CLUSTER_ID: '1234-123456-hurts123',
  DATABRICKS_RUN_TIMEOUT: '0',
  DATABRICKS_TYPE_MAPPING: '{"wine":"/wine"}',
};

async function enginesOf(native: Record<string, string>, onDemand: Record<string, string> = ON_DEMAND): Promise<string[]> {
  // as much as is looked at before the first attempt
  const parts = { config: readConfig(['--data-dir', '/nowhere'], native), env: {}, onDemand: readOnDemand(onDemand), log: silentLogger } as unknown as EngineParts;
  const engines = await loadEngines(parts);
  for (const engine of engines.values()) await engine.close();
  return [...engines.keys()];
}

describe('a workspace that is named twice', () => {
  it.each<[string, Record<string, string>]>([
    ['by the on-demand service alone', {}],
    ['with the same token', { TRAINYARD_DATABRICKS_URL: 'https://one.example.org', TRAINYARD_DATABRICKS_TOKEN: 'abc' }],
    ['with a service principal', { TRAINYARD_DATABRICKS_URL: 'https://one.example.org', TRAINYARD_DATABRICKS_CLIENT_ID: 'app', TRAINYARD_DATABRICKS_CLIENT_SECRET: 's' }],
  ])('is one workspace: %s', async (_, native) => {
    expect(await enginesOf(native)).toEqual(['local', 'databricks']);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['another address', { TRAINYARD_DATABRICKS_URL: 'https://two.example.org', TRAINYARD_DATABRICKS_TOKEN: 'abc' }, /TRAINYARD_DATABRICKS_URL.*https:\/\/two\.example\.org.*DATABRICKS_WORKSPACE_URL names https:\/\/one\.example\.org/],
    ['another token', { TRAINYARD_DATABRICKS_URL: 'https://one.example.org', TRAINYARD_DATABRICKS_TOKEN: 'sesame' }, /TRAINYARD_DATABRICKS_TOKEN(?!.*sesame).*another token than DATABRICKS_AUTH_TOKEN/],
  ])('differently stops the start: %s', async (_, native, words) => {
    await expect(enginesOf(native)).rejects.toThrow(words);
  });

  it('is not, when the notebooks run here', async () => {
    const local = { ON_DEMAND_ENGINE: 'local', ON_DEMAND_SOURCE: '.', DATABRICKS_TYPE_MAPPING: '{"wine":"/wine"}' };
    expect(await enginesOf({ TRAINYARD_DATABRICKS_URL: 'https://two.example.org', TRAINYARD_DATABRICKS_TOKEN: 'abc' }, local)).toEqual(['local', 'databricks']);
  });
});
