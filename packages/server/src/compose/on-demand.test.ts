import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type OnDemandConfig, readOnDemand } from '../config/read-on-demand.ts';
import { composeOnDemand, type OnDemandParts } from './on-demand.ts';

const dir = mkdtempSync(join(tmpdir(), 'trainyard-compose-'));
writeFileSync(join(dir, 'a-file'), '');
afterAll(() => rmSync(dir, { recursive: true }));

/** Nothing of the server is asked before the variables are found wrong. */
function start(variables: Record<string, string>): Promise<unknown> {
  return composeOnDemand(readOnDemand({ DATABRICKS_TYPE_MAPPING: '{"wine":"/wine"}', ...variables }) as OnDemandConfig, {} as OnDemandParts);
}

const WORKSPACE = { DATABRICKS_WORKSPACE_URL: 'https://one.example.org', DATABRICKS_AUTH_TOKEN: 'abc', DATABRICKS_CLUSTER_ID: 'c1', DATABRICKS_RUN_TIMEOUT: '0' };

describe('an on-demand service that can never train does not start', () => {
  it.each(['missing', 'a-file'])('because its directory is none: %s', async (name) => {
    const source = join(dir, name);
    await expect(start({ ON_DEMAND_ENGINE: 'local', ON_DEMAND_SOURCE: source })).rejects.toThrow(`Environment variable ON_DEMAND_SOURCE must name a directory or a git repository (https:// or file://), and there is no directory ${source}`);
  });

  it.each([
    [{ DATABRICKS_TYPE_MAPPING: '{"wine":"wine"}' }, 'DATABRICKS_TYPE_MAPPING'],
    [{ DATABRICKS_CLUSTER_ID: 'bad id' }, 'DATABRICKS_CLUSTER_ID'],
    [{ ON_DEMAND_SOURCE: 'https://git.example.org/x' }, 'ON_DEMAND_SOURCE_PROVIDER'],
  ])('because of %j', async (variables, name) => {
    await expect(start({ ...WORKSPACE, ...variables })).rejects.toMatchObject({ code: 'ON_DEMAND_VARIABLE', message: expect.stringContaining(`Environment variable ${name} `) as string });
  });
});
