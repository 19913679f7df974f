import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readDotenv } from './read-dotenv.ts';
import { idleOnDemandVariable, readOnDemand } from './read-on-demand.ts';

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
    [{ DATABRICKS_AUTH_TOKEN: 'abc\r\nx: y' }, 'Environment variable DATABRICKS_AUTH_TOKEN has characters that no token has'],
    [{ DATABRICKS_AUTH_TOKEN: ' \n' }, 'Environment variable DATABRICKS_AUTH_TOKEN was not supplied or empty'],
    [{ LOG_LEVEL: 'loud' }, 'Environment variable LOG_LEVEL must be one of error, warn, info, http, verbose, debug, silly, found: loud'],
    [{ ON_DEMAND_SOURCE: 'http://example.com/x.git' }, 'ON_DEMAND_SOURCE with invalid url: a git repository must begin with https:// or file://'],
    [{ ON_DEMAND_SOURCE: 'ssh://git@example.com/x.git', ON_DEMAND_ENGINE: 'local' }, 'ON_DEMAND_SOURCE with invalid url: a git repository must begin with https:// or file://'],
    [{ ON_DEMAND_SOURCE: 'git@example.com:x.git', ON_DEMAND_ENGINE: 'local' }, 'ON_DEMAND_SOURCE with invalid url: a git repository must begin with https:// or file://'],
    [{ ON_DEMAND_SOURCE_REFERENCE: 'main' }, 'ON_DEMAND_SOURCE_REFERENCE is about a git repository, and ON_DEMAND_SOURCE is not set'],
    [{ ON_DEMAND_SOURCE_PROVIDER: 'gitLab' }, 'ON_DEMAND_SOURCE_PROVIDER is about a git repository, and ON_DEMAND_SOURCE is not set'],
    [{ ON_DEMAND_SOURCE: '/srv/notebooks', ON_DEMAND_ENGINE: 'local', ON_DEMAND_SOURCE_REFERENCE: 'main' }, 'ON_DEMAND_SOURCE is not the URL of one'],
    [{ ON_DEMAND_SOURCE: 'https://example.com/x.git', ON_DEMAND_SOURCE_PROVIDER: 'gitlab' }, "ON_DEMAND_SOURCE_PROVIDER must be one of gitHub, gitHubEnterprise, gitLab"],
    [{ ON_DEMAND_SOURCE: 'https://example.com/x.git', ON_DEMAND_SOURCE_PROVIDER: 'gitLab', ON_DEMAND_ENGINE: 'local' }, 'ON_DEMAND_SOURCE_PROVIDER is for Databricks'],
    [{ ON_DEMAND_SOURCE: '/srv/notebooks' }, 'a directory can only be run by the engine local'],
    [{ ON_DEMAND_ENGINE: 'local' }, 'Environment variable ON_DEMAND_SOURCE was not supplied or empty'],
  ])('are checked at the start: %j', (changes, words) => {
    expect(() => readOnDemand({ ...WHOLE, ...changes })).toThrow(words);
  });

  it('that are wrong are not repeated where they may hold a password', () => {
    expect(() => readOnDemand({ ...WHOLE, ON_DEMAND_SOURCE: 'ssh://ann:sesame@example.com/x.git' })).toThrow(/^(?!.*sesame)/);
  });

  it('from mounted files end with a line break', () => {
    const mounted = Object.fromEntries(Object.entries(WHOLE).map(([name, value]) => [name, `${value}\n`]));
    expect(readOnDemand(mounted)).toEqual(readOnDemand(WHOLE));
  });

  it('are checked in its order', () => {
    expect(() => readOnDemand({ DATABRICKS_TYPE_MAPPING: '' , DATABRICKS_AUTH_TOKEN: 'x' })).toThrow('DATABRICKS_WORKSPACE_URL');
  });

  it('are not checked with NODE_ENV=test', () => {
    expect(readOnDemand({ NODE_ENV: 'test', DATABRICKS_AUTH_TOKEN: 'x' })).toMatchObject({ port: 80, notebooks: new Map(), timeoutMs: undefined });
  });

  it.each([['silly', 'debug'], ['verbose', 'info'], ['error', 'error'], ['INFO', 'info'], ['', undefined]])('say a log level: %s', (level, ours) => {
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
    [{ ON_DEMAND_SOURCE: 'https://example.com/notebooks.git' }, { engine: 'databricks', place: { kind: 'git', url: 'https://example.com/notebooks.git', provider: undefined } }],
    [{ ON_DEMAND_SOURCE: 'https://git.example.com/notebooks.git', ON_DEMAND_SOURCE_PROVIDER: 'gitLabEnterpriseEdition' }, { place: { provider: 'gitLabEnterpriseEdition' } }],
    [{ ON_DEMAND_HOST: '0.0.0.0', ON_DEMAND_AUTH: 'token' }, { host: '0.0.0.0', auth: true }],
    [{ ON_DEMAND_COALESCE: 'on', ON_DEMAND_FAILED_STATE: 'error' }, { coalesce: true, failedState: 'error' }],
  ])('%j', (changes, config) => {
    expect(readOnDemand({ ...WHOLE, ...changes })).toMatchObject(config);
  });
});

describe('variables of the service without those of the original', () => {
  it.each([
    [{ ON_DEMAND_SOURCE: '/srv/notebooks' }, 'DATABRICKS_WORKSPACE_URL was not supplied or empty'],
    [{ ON_DEMAND_FAILED_STATE: 'error' }, 'DATABRICKS_WORKSPACE_URL was not supplied or empty'],
    [{ ON_DEMAND_AUHT: 'token' }, "ON_DEMAND_AUHT is not known; did you mean 'ON_DEMAND_AUTH'?"],
  ])('ask for them: %j', (env, words) => {
    expect(() => readOnDemand(env)).toThrow(words);
    expect(() => readOnDemand({}, env)).toThrow(words);
  });

  it('are left alone where they are those of the image, or of another program', () => {
    const image = { ON_DEMAND_HOST: '0.0.0.0', ON_DEMAND_AUTH: 'off', ON_DEMAND_PRICING: '1' };
    expect([readOnDemand(image), idleOnDemandVariable(image)]).toEqual([undefined, 'ON_DEMAND_HOST']);
    expect([idleOnDemandVariable({}), idleOnDemandVariable({ ...image, ...WHOLE })]).toEqual([undefined, undefined]);
  });
});

describe('a dotenv file', () => {
  const dir = mkdtempSync(join(tmpdir(), 'trainyard-dotenv-'));
  const file = join(dir, '.env');
  afterAll(() => rmSync(dir, { recursive: true }));
  const read = (text: string | Buffer): Readonly<Record<string, string | undefined>> => {
    rmSync(file, { recursive: true, force: true });
    writeFileSync(file, text);
    return readDotenv(file);
  };

  it('gives what the environment does not, and nothing is put into the environment', () => {
    const dotenv = read(`# the guide's\n${Object.entries(WHOLE).map(([name, value]) => `${name}=${value}`).join('\n')}\n`);
    expect(readOnDemand({ PORT: '4000' }, dotenv)).toMatchObject({ port: 4000, workspace: { token: 'abc' } });
    expect(process.env['DATABRICKS_AUTH_TOKEN']).toBeUndefined();
    expect(readDotenv(join(dir, 'nothing'))).toEqual({});
  });

  it('may begin with a byte order mark', () => {
    expect(read('\uFEFFPORT=3000\r\nA=b\r\n')).toEqual({ PORT: '3000', A: 'b' });
  });

  it.each([['A=x#y', 'x#y'], ['A = x#y # why', 'x#y'], ['A=#x', '#x'], ['A= # x', ''], ['A="x # y" # why', 'x # y'], ['export A=x#y', 'x#y'], ['A={"wine":"/a#b"}', '{"wine":"/a#b"}'], ["A='x\nA=y#z'", 'x\nA=y#z'], ['A=x#1\nA=y#2', 'y#2']])('knows what is a comment: %j', (line, value) => {
    expect(read(`${line}\n`)['A']).toBe(value);
  });

  it('that cannot be read stops the start with its name', () => {
    expect(() => read(Buffer.from('\uFEFFPORT=3000\n', 'utf16le'))).toThrow(`The file ${file} is not text in UTF-8`);
    rmSync(file);
    symlinkSync(file, file);
    expect(() => readDotenv(file)).toThrow(`The file ${file} cannot be read: ELOOP`);
  });
});
