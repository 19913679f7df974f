import { describe, expect, it } from 'vitest';
import { readConfig } from './read-config.ts';

const WHOLE = { TRAINYARD_DATABRICKS_URL: 'https://adb-1.2.azuredatabricks.net/', TRAINYARD_DATABRICKS_TOKEN: 'dapi123' };

describe('the settings of a Databricks workspace', () => {
  const read = (env: Record<string, string>) => readConfig([], env).databricks;

  it('are absent when none is named', () => expect(read({})).toBeUndefined());

  it('are a workspace, a token and a cluster', () => {
    expect(read(WHOLE)).toEqual({ url: 'https://adb-1.2.azuredatabricks.net', credentials: { token: 'dapi123' }, cluster: 'serverless' });
    for (const files of ['/Workspace/Shared/ours', '/Volumes/main/ml/files/deep']) expect(read({ ...WHOLE, TRAINYARD_DATABRICKS_FILES: `${files}/` })?.files).toBe(files);
    expect(read({ ...WHOLE, TRAINYARD_DATABRICKS_CLUSTER: '0923-164208-meows279' })).toMatchObject({ cluster: { existing: '0923-164208-meows279' } });
  });

  it('are a workspace and a service principal', () => {
    expect(read({ TRAINYARD_DATABRICKS_URL: 'https://w.cloud.databricks.com', TRAINYARD_DATABRICKS_CLIENT_ID: 'app', TRAINYARD_DATABRICKS_CLIENT_SECRET: 's' })).toMatchObject({ credentials: { clientId: 'app', clientSecret: 's' } });
  });

  it.each(['http://127.0.0.1:8080', 'http://localhost:1', 'http://[::1]:8080'])('may be on this machine without TLS: %s', (url) => {
    expect(read({ ...WHOLE, TRAINYARD_DATABRICKS_URL: url })?.url).toBe(url);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['a token without a workspace', { TRAINYARD_DATABRICKS_TOKEN: 'dapi123' }, /none is named/],
    ['a workspace without credentials', { TRAINYARD_DATABRICKS_URL: 'https://w.example' }, /needs credentials/],
    ['both kinds of credentials', { ...WHOLE, TRAINYARD_DATABRICKS_CLIENT_ID: 'app' }, /must be only one/],
    ['half a service principal', { TRAINYARD_DATABRICKS_URL: 'https://w.example', TRAINYARD_DATABRICKS_CLIENT_ID: 'app' }, /needs TRAINYARD_DATABRICKS_CLIENT_SECRET/],
    ['the other half', { TRAINYARD_DATABRICKS_URL: 'https://w.example', TRAINYARD_DATABRICKS_CLIENT_SECRET: 's' }, /needs TRAINYARD_DATABRICKS_CLIENT_ID/],
    ['files that are nowhere a cluster sees them', { ...WHOLE, TRAINYARD_DATABRICKS_FILES: '/Shared/x' }, /neither a directory of the workspace/],
    ['files above their directory', { ...WHOLE, TRAINYARD_DATABRICKS_FILES: '/Workspace/Shared/../Users' }, /neither a directory of the workspace/],
    ['files in no volume', { ...WHOLE, TRAINYARD_DATABRICKS_FILES: '/Volumes/main/ml' }, /nor of a volume/],
    ['files without a workspace', { TRAINYARD_DATABRICKS_FILES: '/Workspace/Shared/x' }, /none is named/],
    ['no URL', { ...WHOLE, TRAINYARD_DATABRICKS_URL: 'adb-1.2.azuredatabricks.net' }, /not the URL of a workspace/],
    ['another protocol', { ...WHOLE, TRAINYARD_DATABRICKS_URL: 'ftp://w.example' }, /not the URL of a workspace/],
    ['a token in the clear', { ...WHOLE, TRAINYARD_DATABRICKS_URL: 'http://w.example' }, /must begin with https/],
    ['a name that only looks like this machine', { ...WHOLE, TRAINYARD_DATABRICKS_URL: 'http://127.0.0.1.w.example' }, /must begin with https/],
    ['credentials in the URL', { ...WHOLE, TRAINYARD_DATABRICKS_URL: 'https://u:p@w.example' }, /must not hold credentials/],
    ['a path', { ...WHOLE, TRAINYARD_DATABRICKS_URL: 'https://w.example/api/2.0' }, /without a path/],
    ['a token with a line break', { ...WHOLE, TRAINYARD_DATABRICKS_TOKEN: 'dapi\r\nx: y' }, /characters that no token has/],
    ['a cluster that is none', { ...WHOLE, TRAINYARD_DATABRICKS_CLUSTER: 'my cluster' }, /neither serverless nor the id/],
  ])('refuse %s', (_what, env, problem) => expect(() => read(env)).toThrow(problem));
});
