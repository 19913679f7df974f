import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDotenv } from './read-dotenv.ts';
import { readOnDemand } from './read-on-demand.ts';

const WHOLE = {
  PORT: '3000',
  DATABRICKS_WORKSPACE_URL: 'https://westeurope.azuredatabricks.net/',
  DATABRICKS_AUTH_TOKEN: 'abc',
  DATABRICKS_CLUSTER_ID: '1234-123456-hurts123',
  DATABRICKS_RUN_TIMEOUT: '3600',
  DATABRICKS_TYPE_MAPPING: '{"wine":"/shared/wine_notebook","diabetes":"/shared/diabetes_notebook"}',
};

describe('the variables of the original', () => {
  it('mean what they meant', () => {
    const config = readOnDemand(WHOLE);
    expect(config).toMatchObject({
      host: '127.0.0.1', port: 3000, auth: false, failedState: 'completed', coalesce: false, engine: 'databricks', place: { kind: 'workspace' }, timeoutMs: 3_600_000, logLevel: undefined,
      workspace: { url: 'https://westeurope.azuredatabricks.net', token: 'abc', clusterId: '1234-123456-hurts123' },
    });
    expect([...(config?.notebooks ?? [])]).toEqual([['wine', '/shared/wine_notebook'], ['diabetes', '/shared/diabetes_notebook']]);
  });

  it('that other programs have too do not open the service', () => {
    expect(readOnDemand({ PORT: '3000', DATABRICKS_CLUSTER_ID: 'c', DATABRICKS_HOST: 'h', LOG_LEVEL: 'debug', SERVICE_NAME: 's', NODE_ENV: 'production' })).toBeUndefined();
    expect(readOnDemand({ DATABRICKS_TYPE_MAPPING: '' })).toBeUndefined();
  });

  it.each([
    [{ DATABRICKS_WORKSPACE_URL: '' }, 'Environment variable DATABRICKS_WORKSPACE_URL was not supplied or empty'],
    [{ DATABRICKS_WORKSPACE_URL: 'http://' }, 'Environment variable DATABRICKS_WORKSPACE_URL with invalid url: http://'],
    [{ DATABRICKS_WORKSPACE_URL: 'ftp://x' }, 'Environment variable DATABRICKS_WORKSPACE_URL with invalid url: ftp://x'],
    [{ DATABRICKS_AUTH_TOKEN: '' }, 'Environment variable DATABRICKS_AUTH_TOKEN was not supplied or empty'],
    [{ DATABRICKS_CLUSTER_ID: undefined }, 'Environment variable DATABRICKS_CLUSTER_ID was not supplied or empty'],
    [{ DATABRICKS_RUN_TIMEOUT: '' }, 'Environment variable DATABRICKS_RUN_TIMEOUT was not supplied or empty'],
    [{ DATABRICKS_RUN_TIMEOUT: '1h' }, 'Environment variable DATABRICKS_RUN_TIMEOUT with invalid number of seconds: 1h'],
    [{ DATABRICKS_TYPE_MAPPING: '' }, 'Environment variable DATABRICKS_TYPE_MAPPING was not supplied or empty'],
    [{ DATABRICKS_TYPE_MAPPING: '{wine' }, 'Environment variable DATABRICKS_TYPE_MAPPING with invalid json: {wine'],
    [{ DATABRICKS_TYPE_MAPPING: '["wine"]' }, 'it must be an object'],
    [{ DATABRICKS_TYPE_MAPPING: '{}' }, 'it names no model type'],
    [{ DATABRICKS_TYPE_MAPPING: '{"wine":7}' }, "'wine' needs the path of a notebook"],
    [{ PORT: 'http' }, 'Environment variable PORT with invalid port: http'],
    [{ PORT: '65536' }, 'Environment variable PORT with invalid port: 65536'],
    [{ ON_DEMAND_AUTH: 'maybe' }, 'Environment variable ON_DEMAND_AUTH must be off or token, found: maybe'],
    [{ ON_DEMAND_FAILED_STATES: 'error' }, "Environment variable ON_DEMAND_FAILED_STATES is not known; did you mean 'ON_DEMAND_FAILED_STATE'?"],
    [{ ON_DEMAND_HOST: '0.0.0.0' }, "ON_DEMAND_AUTH must be set when ON_DEMAND_HOST is '0.0.0.0'"],
    [{ ON_DEMAND_SOURCE: '/srv/notebooks' }, 'a directory can only be run by the engine local'],
    [{ ON_DEMAND_ENGINE: 'local' }, 'Environment variable ON_DEMAND_SOURCE was not supplied or empty'],
  ])('are checked at the start: %j', (changes, words) => {
    expect(() => readOnDemand({ ...WHOLE, ...changes })).toThrow(words);
  });

  it('are checked in its order', () => {
    expect(() => readOnDemand({ DATABRICKS_TYPE_MAPPING: '' , DATABRICKS_AUTH_TOKEN: 'x' })).toThrow('DATABRICKS_WORKSPACE_URL');
  });

  it('are not checked with NODE_ENV=test', () => {
    expect(readOnDemand({ NODE_ENV: 'test', DATABRICKS_AUTH_TOKEN: 'x' })).toMatchObject({ port: 80, notebooks: new Map(), timeoutMs: undefined });
  });

  it.each([['silly', 'debug'], ['verbose', 'info'], ['error', 'error'], ['', undefined], ['loud', undefined]])('say a log level: %s', (level, ours) => {
    expect(readOnDemand({ ...WHOLE, LOG_LEVEL: level })?.logLevel).toBe(ours);
  });

  it('have defaults: port 80, no limit at 0 seconds, https', () => {
    expect(readOnDemand({ ...WHOLE, PORT: '', DATABRICKS_RUN_TIMEOUT: '0', DATABRICKS_WORKSPACE_URL: 'adb-1.2.azuredatabricks.net' })).toMatchObject({ port: 80, timeoutMs: undefined, workspace: { url: 'https://adb-1.2.azuredatabricks.net' } });
  });
});

describe('what the original had no word for', () => {
  it.each([
    [{ ON_DEMAND_ENGINE: 'local', ON_DEMAND_SOURCE: '/srv/notebooks' }, { engine: 'local', workspace: undefined, place: { kind: 'directory', path: '/srv/notebooks' } }],
    [{ ON_DEMAND_ENGINE: 'local', ON_DEMAND_SOURCE: 'file:///srv/notebooks.git', ON_DEMAND_SOURCE_REFERENCE: 'v1' }, { place: { kind: 'git', url: 'file:///srv/notebooks.git', reference: 'v1' } }],
    [{ ON_DEMAND_SOURCE: 'https://example.com/notebooks.git' }, { engine: 'databricks', place: { kind: 'git', url: 'https://example.com/notebooks.git' } }],
    [{ ON_DEMAND_HOST: '0.0.0.0', ON_DEMAND_AUTH: 'token' }, { host: '0.0.0.0', auth: true }],
    [{ ON_DEMAND_COALESCE: 'on', ON_DEMAND_FAILED_STATE: 'error' }, { coalesce: true, failedState: 'error' }],
  ])('%j', (changes, config) => {
    expect(readOnDemand({ ...WHOLE, ...changes })).toMatchObject(config);
  });
});

describe('a dotenv file', () => {
  it('gives what the environment does not, and nothing is put into the environment', () => {
    const dir = mkdtempSync(join(tmpdir(), 'trainyard-dotenv-'));
    try {
      writeFileSync(join(dir, '.env'), `# the guide's\n${Object.entries(WHOLE).map(([name, value]) => `${name}=${value}`).join('\n')}\n`);
      expect(readOnDemand({ PORT: '4000' }, readDotenv(join(dir, '.env')))).toMatchObject({ port: 4000, workspace: { token: 'abc' } });
      expect(process.env['DATABRICKS_AUTH_TOKEN']).toBeUndefined();
      expect(readDotenv(join(dir, 'nothing'))).toEqual({});
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
