import { describe, expect, it } from 'vitest';
import { readConfig } from './read-config.ts';
import { runnerEnvironment } from './runner-environment.ts';

describe('the configuration', () => {
  it('has defaults: loopback, a token, an embedded database', () => {
    expect(readConfig(['--data-dir', '/data'], {})).toMatchObject({ host: '127.0.0.1', port: 5000, auth: true, dataDir: '/data', databaseUrl: 'sqlite:///data/trainyard.db', token: undefined });
  });

  it('takes flags over variables over defaults', () => {
    const env = { TRAINYARD_PORT: '1', TRAINYARD_HOST: '127.0.0.2', TRAINYARD_LOG_LIMIT: '' };
    expect(readConfig(['--port', '2'], env)).toMatchObject({ port: 2, host: '127.0.0.2', logLimitBytes: 4 * 2 ** 30 });
  });

  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['an unknown flag', ['--prot', '1'], {}, /did you mean 'port'/],
    ['an unknown variable', [], { TRAINYARD_PROT: '1' }, /did you mean 'TRAINYARD_PORT'/],
    ['a port that is none', ['--port', 'x'], {}, /'x' is not a whole number from 0 to 65535/],
    ['a port too large', ['--port', '65536'], {}, /0 to 65535/],
    ['a duration that is none', ['--look-every', 'soon'], {}, /not a duration/],
    ['a size that is none', ['--log-limit', '4 elephants'], {}, /not a size/],
    ['a switch that is none', ['--auth', 'maybe'], {}, /neither on nor off/],
    ['a short token', [], { TRAINYARD_TOKEN: 'short' }, /at least 16 characters/],
    ['a token no header can carry', [], { TRAINYARD_TOKEN: 'words with spaces between' }, /without spaces/],
    ['an unknown log level', ['--log-level', 'loud'], {}, /not one of/],
    ['an entry that is no host', ['--outbound-allow', 'a.example, https://b.example'], {}, /'https:\/\/b\.example' is no host name/],
    ['an endpoint that is none', ['--artifacts-endpoint', 'minio:9000'], {}, /it is not a URL/],
    ['a key in an endpoint', ['--artifacts-endpoint', 'https://ann:sesame@minio'], {}, /must not hold credentials(?!.*sesame)/],
    ['a directory without a root', ['--local-roots', '/srv/data,datasets'], {}, /'datasets' is not an absolute path/],
    ['a pool of machines without a label', ['--node-pools', 'large'], {}, /'large' is no label: write name=value/],
    ["a part of ODAHU's API that is none", ['--odahu-apis', 'connection,packaging'], {}, /'packaging' is not one of connection, training, off/],
    ['a word too many', ['now'], {}, /now/],
  ])('refuses %s', (_what, argv, env, problem) => {
    expect(() => readConfig(argv, env)).toThrow(problem);
  });

  it('keeps artifacts on the disk unless it is told otherwise', () => {
    expect(readConfig([], {})).toMatchObject({ artifacts: 'local', artifactsEndpoint: undefined, artifactsPathStyle: false, directTransfers: true });
    expect(readConfig(['--artifacts', 's3://b', '--artifacts-endpoint', 'http://minio:9000/', '--direct-transfers', 'off'], { TRAINYARD_ARTIFACTS_PATH_STYLE: 'on' })).toMatchObject({ artifacts: 's3://b', artifactsEndpoint: 'http://minio:9000', artifactsPathStyle: true, directTransfers: false });
  });

  it('limits data, and allows no directory of the machine unless it is told to', () => {
    expect(readConfig([], {})).toMatchObject({ dataLimitBytes: 2 ** 40, localRoots: [] });
    expect(readConfig(['--data-limit', '5GB'], { TRAINYARD_LOCAL_ROOTS: '/srv/data, /srv/models' })).toMatchObject({ dataLimitBytes: 5e9, localRoots: ['/srv/data', '/srv/models'] });
  });

  it('reads the labels of pools of machines', () => {
    expect(readConfig([], {}).nodePools).toEqual([]);
    expect(readConfig(['--node-pools', 'size=large, size=huge+example.org/gpu=a100'], {}).nodePools).toEqual([{ size: 'large' }, { size: 'huge', 'example.org/gpu': 'a100' }]);
  });

  it("lets all of ODAHU's API change things, or a part of it", () => {
    expect(readConfig([], {})).toMatchObject({ odahuApis: ['connection', 'training'], odahuEngine: 'local', odahuOutputConnection: undefined });
    expect(readConfig(['--odahu-apis', 'off', '--odahu-output-connection', 'models'], { TRAINYARD_ODAHU_ENGINE: 'docker' })).toMatchObject({ odahuApis: [], odahuEngine: 'docker', odahuOutputConnection: 'models' });
    expect(readConfig(['--odahu-apis', 'training'], {}).odahuApis).toEqual(['training']);
  });

  it('takes hosts and ranges that may be called', () => {
    expect(readConfig([], {}).outboundAllow).toEqual([]);
    expect(readConfig([], { TRAINYARD_OUTBOUND_ALLOW: 'hooks.example, 10.0.0.0/8,::1' }).outboundAllow).toEqual(['hooks.example', '10.0.0.0/8', '::1']);
  });

  it.each([['500MB', 5e8], ['2GiB', 2 ** 31], ['1.5k', 1_500], ['7', 7]])('reads the size %s', (text, bytes) => {
    expect(readConfig(['--log-limit', text], {}).logLimitBytes).toBe(bytes);
  });
});

describe('what trainings see of the environment', () => {
  it('is how to reach the world, and nothing the server knows', () => {
    const env = { PATH: '/bin', HTTPS_PROXY: 'p', https_proxy: 'p', PIP_INDEX_URL: 'i', LC_ALL: 'C', TRAINYARD_TOKEN: 't', AWS_SECRET_ACCESS_KEY: 's', DATABASE_URL: 'd', PGPASSWORD: 'p', GITHUB_TOKEN: 'g' };
    expect(Object.keys(runnerEnvironment(env)).sort()).toEqual(['HTTPS_PROXY', 'LC_ALL', 'PATH', 'PIP_INDEX_URL', 'https_proxy']);
  });
});
