import { TestServer as RealServer } from '@trainyard/server/http/test-server.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli, type CliResult, type CliSetting } from '../../test-cli.ts';
import { aDirectory } from '../../test-data.ts';
import { TestServer } from '../../test-server.ts';

let server: RealServer;
let url: string;
beforeAll(async () => {
  server = await RealServer.open();
  ({ url } = await server.listen());
});
afterAll(() => server.close());

const run = (argv: readonly string[], setting: CliSetting = {}): Promise<CliResult> => cli(argv, { ...setting, env: { TRAINYARD_URL: url, TRAINYARD_TOKEN: server.token, ...setting.env } });
const secretOf = async (id: string, field: string): Promise<string> => (await run(['connection', 'get', id, '--decrypted', '-o', `jsonpath=spec.${field}`])).out;
const URI = 'https://127.0.0.1:1/a.git';

describe('connection', () => {
  test('is made of flags, with the secret from a file, a variable or stdin', async () => {
    using dir = aDirectory({ token: 'from-a-file\n', key: '-----BEGIN KEY-----\nx\n-----END KEY-----\n' });
    const create = (id: string, more: readonly string[], setting: CliSetting = {}) => run(['connection', 'create', id, '--type', 'git', '--uri', URI, ...more], { cwd: dir.path, ...setting });
    expect(await create('by-file', ['--token-file', 'token', '--reference', 'main', '--no-lfs'])).toEqual({ code: 0, out: "connection 'by-file' created\n", err: '' });
    await create('by-variable', ['--token-env', 'MY_TOKEN'], { env: { MY_TOKEN: 'from-a-variable' } });
    await create('by-pipe', ['--token-file', '-'], { stdin: 'from-stdin\n' });
    expect([await secretOf('by-file', 'token'), await secretOf('by-variable', 'token'), await secretOf('by-pipe', 'token')]).toEqual(['from-a-file\n', 'from-a-variable\n', 'from-stdin\n']);
    expect((await run(['conn', 'get', 'by-file'])).out).toMatch(/by-file\n\s+type\s+git\n\s+uri\s+https:\/\/127[\s\S]+token\s+\*{5}\n/);
    expect((await run(['conn', 'get', 'by-file', '-o', 'json'])).out).not.toContain('from-a-file');
  });

  test('keeps the last line end of a key, which has several lines', async () => {
    using dir = aDirectory({ key: '-----BEGIN KEY-----\nx\n-----END KEY-----\n' });
    await run(['connection', 'create', 'lines', '--type', 'git', '--uri', 'git@127.0.0.1:a/b.git', '--key-secret-file', 'key'], { cwd: dir.path });
    expect(JSON.parse((await run(['connection', 'get', 'lines', '--decrypted', '-o', 'json'])).out)).toMatchObject({ spec: { keySecret: '-----BEGIN KEY-----\nx\n-----END KEY-----\n' } });
  });

  test('is edited field by field, the others and the secrets stay', async () => {
    await run(['connection', 'create', 'edited', '--type', 'git', '--uri', URI, '--token-file', '-', '--vital'], { stdin: 'old' });
    expect((await run(['connection', 'edit', 'edited', '--description', 'mine', '--no-vital'])).out).toBe("connection 'edited' edited\n");
    expect(await secretOf('edited', 'token')).toBe('old\n');
    const shown = (await run(['connection', 'get', 'edited', '-o', 'yaml'])).out;
    expect((await run(['connection', 'edit', '-f', '-', '-o', 'jsonpath=spec'], { stdin: shown.replace('mine', 'yours') })).out).toContain('"description":"yours","token":"*****","vital":false');
    expect(await secretOf('edited', 'token')).toBe('old\n');
  });

  test('is listed, and deleted unless it is vital or not there', async () => {
    await run(['connection', 'create', 'listed', '--type', 'git', '--uri', URI, '--vital']);
    expect((await run(['connection', 'list', '--type', 'git', '-o', 'jsonpath=items[*].id'])).out).toContain('listed\n');
    expect((await run(['connection', 'list', '--type', 's3'])).err).toContain('There are no connections');
    expect(await run(['connection', 'delete', 'listed'])).toMatchObject({ code: 2, err: expect.stringContaining('listed connection is vital, it cannot be deleted') as string });
    await run(['connection', 'edit', 'listed', '--no-vital']);
    expect((await run(['connection', 'delete', 'listed'])).out).toBe('Connection listed was deleted\n');
    expect((await run(['connection', 'delete', 'listed'])).code).toBe(4);
    expect((await run(['connection', 'delete', 'listed', '--ignore-not-found'])).out).toBe("there is no connection 'listed', nothing to delete\n");
  });

  test('is checked by the server, kept or not; one that does not work ends with 1', async () => {
    await run(['connection', 'create', 'checked', '--type', 'git', '--uri', URI]);
    const kept = await run(['connection', 'check', 'checked']);
    expect([kept.code, kept.out]).toEqual([1, expect.stringMatching(/^✗ checked: .*--outbound-allow/)]);
    const fresh = await run(['connection', 'check', '-f', '-', '-o', 'json'], { stdin: `kind: Connection\nid: fresh\nspec: {type: git, uri: "${URI}"}\n` });
    expect([fresh.code, JSON.parse(fresh.out)]).toEqual([1, expect.objectContaining({ id: 'fresh', ok: false, problem: 'refused' })]);
    expect((await run(['connection', 'check', 'nobody'])).code).toBe(4);
  });

  test('that works is shown with what is worth knowing and its new host keys', async () => {
    await using fake = await TestServer.start({ checkConnection: () => ({ ok: true, notes: ['the repository\nis large'], publicKey: 'git.example ssh-ed25519 AAAA\ngit.example ssh-rsa BBBB\n' }) });
    expect(await cli(['connection', 'check', 'repo'], { server: fake })).toEqual({ code: 0, out: '✓ repo works\n  ! the repository is large\n  its host keys, seen for the first time:\n    git.example ssh-ed25519 AAAA\n    git.example ssh-rsa BBBB\n', err: '' });
  });

  test.each<[string, readonly string[], RegExp]>([
    ['neither manifest nor id', ['create'], /neither a manifest nor an id/],
    ['a manifest and flags', ['create', '-f', '-', '--type', 'git'], /do not go together/],
    ['two secrets from stdin', ['create', 'x', '--token-file', '-', '--password-file', '-'], /--password-file - and --token-file - would both read stdin/],
    ['a secret on the command line', ['create', 'x', '--token', 'abc'], /unknown option '--token'/],
    ['nothing to change', ['edit', 'x'], /not said what to change/],
    ['nothing to check', ['check'], /not said what to check/],
    ['credentials from nowhere', ['create', 'x', '--credentials', 'magic'], /keys, ambient, anonymous/],
  ])('is refused with %s', async (_, argv, words) => {
    const { code, err } = await run(['connection', ...argv]);
    expect([code, err]).toEqual([2, expect.stringMatching(words)]);
  });
});

describe('toolchain', () => {
  test('is made of flags or a manifest, edited, shown and deleted', async () => {
    expect((await run(['toolchain', 'create', 'mine', '--entrypoint', '/opt/train', '--image', 'image:1', '--env', 'A=1'])).out).toBe("toolchain 'mine' created\n");
    expect((await run(['ti', 'create', '-f', '-', '--ignore-if-exists'], { stdin: 'kind: ToolchainIntegration\nid: mine\nspec: {entrypoint: a, defaultImage: b}\n' })).out).toBe("toolchain 'mine' exists already, left as it is\n");
    expect((await run(['ti', 'edit', 'mine', '--env', 'B=True', '-o', 'jsonpath=spec'])).out).toBe('{"entrypoint":"/opt/train","defaultImage":"image:1","additionalEnvironments":{"A":"1","B":"True"}}\n');
    expect((await run(['ti', 'get', 'mine'])).out).toMatch(/entrypoint\s+\/opt\/train\n\s+image\s+image:1\n\s+variables\s+A=1 {2}B=True\n/);
    expect((await run(['ti', 'list', '-o', 'jsonpath=items[*].id'])).out).toBe('mine\nmlflow\nmlflow-project\n');
    expect((await run(['ti', 'delete', 'mine'])).out).toBe('ToolchainIntegration mine was deleted\n');
    expect((await run(['ti', 'get', 'mine'])).code).toBe(4);
  });

  test('is refused without what it needs', async () => {
    expect(await run(['ti', 'create', 'x'])).toMatchObject({ code: 2, err: expect.stringContaining('neither a manifest nor an id') as string });
    expect(await run(['ti', 'create', 'x', '--image', 'i'])).toMatchObject({ code: 2, err: expect.stringContaining('entrypoint') as string });
  });
});
