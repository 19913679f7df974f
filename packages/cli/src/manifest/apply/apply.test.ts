import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { TestServer } from '@trainyard/server/http/test-server.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli, type CliResult, type CliSetting } from '../../test-cli.ts';
import { aDirectory } from '../../test-data.ts';
import { refusal, TestServer as FakeServer } from '../../test-server.ts';

let server: TestServer;
let url: string;
beforeAll(async () => {
  server = await TestServer.open();
  ({ url } = await server.listen());
});
afterAll(() => server.close());

const run = (argv: readonly string[], cwd: string, setting: CliSetting = {}): Promise<CliResult> => cli(argv, { cwd, ...setting, env: { TRAINYARD_URL: url, TRAINYARD_TOKEN: server.token, ...setting.env } });
const got = async (route: string): Promise<Record<string, unknown>> => (await server.call({ method: 'GET', url: `/api/v1/${route}` })).json();

/** Ids of their own for each test, on the one server. */
function manifests(prefix: string): Record<string, string> {
  return {
    'z-repo.yaml': `kind: Connection\nid: ${prefix}-repo\nspec:\n  type: git\n  uri: https://git.example.com/a.git\n  tokenFile: secrets/token\n`,
    'secrets/token': 'a-secret-token\n',
    'a-train.yaml': `kind: ModelTraining\nid: ${prefix}-wine\nspec:\n  model: {name: wine, version: 1.0}\n  toolchain: ${prefix}-mine\n  vcsName: ${prefix}-repo\n  hyperParameters: {alpha: 0.5, flag: True}\n`,
    'b-tool.json': JSON.stringify({ kind: 'ToolchainIntegration', id: `${prefix}-mine`, spec: { entrypoint: '/opt/train', defaultImage: 'image:1', additionalEnvironments: { A: 1 } } }),
    'conda.yaml': 'name: not-a-manifest\n',
  };
}

describe('apply', () => {
  test('creates in the order in which things need each other, and does nothing the second time', async () => {
    using dir = aDirectory(manifests('one'));
    const first = await run(['apply', '-f', '.', '--yes'], dir.path);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toContain('3 to create');
    expect(first.out).toMatch(/connection 'one-repo' created\ntoolchain 'one-mine' created\ntraining 'one-wine' created, run \d+ queued\n$/);
    expect(await got('connections/one-repo/decrypted')).toMatchObject({ spec: { token: 'a-secret-token' } });
    expect(await got('trainings/one-wine')).toMatchObject({ spec: { hyperParameters: { alpha: '0.5', flag: 'True' } }, status: { runs: 1 } });
    expect(await run(['apply', '-f', '.'], dir.path)).toEqual({ code: 0, out: 'Nothing to do: all 3 resources are as described.\n', err: '' });
    expect(await got('trainings/one-wine')).toMatchObject({ status: { runs: 1 } });
  });

  test('shows which fields change, never a secret, and changes only those', async () => {
    using dir = aDirectory(manifests('two'));
    await run(['apply', '-f', '.', '--yes'], dir.path);
    const edit = (name: string, from: string, to: string): void => writeFileSync(path.join(dir.path, name), readFileSync(path.join(dir.path, name), 'utf8').replace(from, to));
    edit('secrets/token', 'a-secret', 'another-secret');
    edit('z-repo.yaml', 'a.git', 'b.git');
    edit('a-train.yaml', 'alpha: 0.5', 'alpha: 0.10, l1: 1');
    edit('b-tool.json', '"A":1', '"B":"x"');
    const dry = await run(['apply', '-f', '.', '--dry-run'], dir.path);
    expect(dry.code).toBe(0);
    for (const line of ['token: changed (not shown)', 'uri: https://git.example.com/a.git → https://git.example.com/b.git', 'hyperParameters.alpha: 0.5 → 0.10', 'hyperParameters.l1: 1 (new)', 'additionalEnvironments.A: 1 (removed)', 'additionalEnvironments.B: x (new)', '3 to change']) expect(dry.out).toContain(line);
    expect(dry.out).not.toMatch(/secret-token/);
    expect(await got('trainings/two-wine')).toMatchObject({ status: { runs: 1 } });
    expect((await run(['apply', '-f', '.', '--yes'], dir.path)).out).toMatch(/training 'two-wine' changed, run \d+ queued\n$/);
    expect(await got('connections/two-repo/decrypted')).toMatchObject({ spec: { token: 'another-secret-token', uri: 'https://git.example.com/b.git' } });
    expect((await run(['apply', '-f', '.', '--yes'], dir.path)).out).toMatch(/^Nothing to do/);
  });

  test('runs again what did not change only when it is told to, and keeps trainings without runs', async () => {
    using dir = aDirectory(manifests('three'));
    await run(['apply', '-f', '.', '--yes', '--no-run'], dir.path);
    expect(await got('trainings/three-wine')).toMatchObject({ status: { runs: 0 } });
    expect((await run(['apply', '-f', '.', '--yes', '--rerun'], dir.path)).out).toMatch(/1 to run again, 2 as they are\n\ntraining 'three-wine' runs again, run \d+ queued\n$/);
    expect(await got('trainings/three-wine')).toMatchObject({ status: { runs: 1 } });
  });

  test('packs the directory of a training without a source, and sees when its files change', async () => {
    using dir = aDirectory({ 'train.yaml': 'kind: ModelTraining\nid: packed\nspec: {model: {name: p, version: 1}, toolchain: command, args: [python, train.py]}\n', 'train.py': 'print(1)\n' });
    expect((await run(['apply', '-f', '.', '--yes'], dir.path)).out).toMatch(/training 'packed' created, run \d+ queued\n$/);
    expect((await run(['apply', '-f', '.', '--yes'], dir.path)).out).toBe('Nothing to do: the resource is as described.\n');
    writeFileSync(path.join(dir.path, 'train.py'), 'print(2)\n');
    expect((await run(['apply', '-f', '.', '--dry-run'], dir.path)).out).toMatch(/source: the files changed \([0-9a-f]{12} → [0-9a-f]{12}\)/);
  });

  test('a training does not change with what was applied, nor with other manifests of its directory', async () => {
    const connection = 'kind: Connection\nid: beside\nspec: {type: git, uri: "https://git.example.com/a.git", token: not-for-runs}\n';
    using dir = aDirectory({ 'train.yaml': 'kind: ModelTraining\nid: lonely\nspec: {model: {name: p, version: 1}, toolchain: command, args: [python, train.py]}\n', 'train.py': '', 'beside.yaml': connection, 'conda.yaml': 'name: env\n' });
    expect((await run(['apply', '-f', '.', '--yes', '--prune'], dir.path)).out).toContain('2 to create');
    expect((await run(['apply', '-f', '.', '--prune'], dir.path)).out).toBe('Nothing to do: all 2 resources are as described.\n');
    writeFileSync(path.join(dir.path, 'beside.yaml'), connection.replace('a.git', 'b.git'));
    expect((await run(['apply', '-f', '.', '--dry-run'], dir.path)).out).toContain('1 to change, 1 as they are');
    writeFileSync(path.join(dir.path, 'conda.yaml'), 'name: other\n');
    expect((await run(['apply', '-f', '.', '--dry-run'], dir.path)).out).toContain('2 to change');
    // the same source, however it is sent
    const { algorithmSource } = (await got('trainings/lonely'))['spec'] as { algorithmSource: unknown };
    writeFileSync(path.join(dir.path, 'conda.yaml'), 'name: env\n');
    await run(['train', 'edit', '-f', 'train.yaml', '--no-run'], dir.path);
    expect((await got('trainings/lonely'))['spec']).toMatchObject({ algorithmSource });
  });

  test('asks on a terminal, and does nothing unless the answer is yes', async () => {
    using dir = aDirectory(manifests('four'));
    const answer = (text: string) => run(['apply', '-f', '.'], dir.path, { stdin: text, columns: 100, terminal: true });
    expect(await answer('\n')).toMatchObject({ code: 0, err: expect.stringContaining('nothing was changed') as string });
    expect((await answer('y\n')).out).toContain("training 'four-wine' created");
  });

  test('without a terminal and --yes it only says what to add', async () => {
    using dir = aDirectory(manifests('five'));
    expect(await run(['apply', '-f', '.'], dir.path)).toMatchObject({ code: 2, err: expect.stringContaining('--yes') as string });
    expect((await got('connections'))['items']).not.toContainEqual(expect.objectContaining({ id: 'five-repo' }));
  });

  test('stops at the first refusal, and says what was done before it', async () => {
    using dir = aDirectory({ ...manifests('six'), 'b-tool.json': JSON.stringify({ kind: 'ToolchainIntegration', id: 'six-mine', spec: { entrypoint: '', defaultImage: 'x' } }) });
    const { code, out, err } = await run(['apply', '-f', '.', '--yes'], dir.path);
    expect([code, out.endsWith("connection 'six-repo' created\n"), err]).toEqual([2, true, expect.stringContaining('empty entrypoint')]);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['a resource that is described twice', { 'a.yaml': 'kind: Connection\nid: x\nspec: {type: git, uri: u}\n---\nkind: Connection\nid: x\nspec: {type: git, uri: u}\n' }, /Connection 'x' is described in a\.yaml, document 1 already/],
    ['a secret in two ways', { 'a.yaml': 'kind: Connection\nid: x\nspec: {type: git, uri: u, token: a, tokenEnv: T}\n' }, /token and tokenEnv are both there/],
    ['a variable that is not set', { 'a.yaml': 'kind: Connection\nid: x\nspec: {type: git, uri: u, tokenEnv: NO_SUCH}\n' }, /environment variable NO_SUCH, which is not set/],
    ['a file that is not there', { 'a.yaml': 'kind: Connection\nid: x\nspec: {type: git, uri: u, tokenFile: gone}\n' }, /tokenFile 'gone' cannot be read \(ENOENT\)/],
    ['a key in base64', { 'a.yaml': `kind: Connection\nid: x\nspec: {type: git, uri: u, keySecret: ${Buffer.from('-----BEGIN OPENSSH PRIVATE KEY-----').toString('base64')}}\n` }, /keySecret is a key in base64, as ODAHU's manifests have it/],
    ['a public key', { 'a.yaml': 'kind: Connection\nid: x\nspec: {type: git, uri: u, keySecretFile: id_ed25519.pub}\n', 'id_ed25519.pub': 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI me@here\n' }, /keySecret is a public key: the private one is needed/],
    ['a type that is misspelt', { 'a.yaml': 'kind: Connection\nid: x\nspec: {type: htpp, uri: u}\n' }, /there is no connection type 'htpp'; did you mean 'http'/],
    ['a field of a training nobody knows', { 'a.yaml': 'kind: ModelTraining\nid: x\nspec: {model: {name: a, version: 1}, toolchain: mlflow, hyperParams: {}, vcsName: r}\n' }, /a\.yaml: unknown field 'spec\.hyperParams'; did you mean 'hyperParameters'/],
    ['a field of a connection nobody knows', { 'a.yaml': 'kind: Connection\nid: x\nspec: {type: git, uri: u, keyid: k}\n' }, /a\.yaml: unknown field 'spec\.keyid'; did you mean 'keyID'/],
    ['a field of a toolchain nobody knows', { 'a.yaml': 'kind: ToolchainIntegration\nid: x\nspec: {entrypoint: e, image: i}\n' }, /unknown field 'spec\.image'/],
    ['an id that cannot be one', { 'a.yaml': 'kind: Connection\nid: X_1\nspec: {type: git, uri: u}\n' }, /a\.yaml: ID is not valid: 'X_1'/],
    ['an engine this server does not have', { 'a.yaml': 'kind: ModelTraining\nid: x\nspec: {model: {name: a, version: 1}, toolchain: mlflow, engine: locla, vcsName: r}\n' }, /there is no engine 'locla'[^]*did you mean 'local'/],
    ['a kind that is misspelt', { 'a.yaml': 'kind: Connection\nid: x\nspec: {type: git, uri: u}\n', 'b.yaml': 'kind: Conection\nid: y\nspec: {type: git, uri: u}\n' }, /b\.yaml, line 1: the kind "Conection" is not known here; did you mean 'Connection'/],
    ['nothing', { 'a.txt': 'x' }, /there are no manifests in '\.'/],
  ])('refuses %s, already when it plans', async (_, files, words) => {
    using dir = aDirectory(files);
    const { code, err } = await run(['apply', '-f', '.', '--dry-run'], dir.path);
    expect([code, err.replace(/\s+/g, ' ')]).toEqual([2, expect.stringMatching(words)]);
  });

  test('takes manifests of ODAHU: base64, nulls, and kinds that lie outside of training', async () => {
    const encoded = Buffer.from('a-token-of-odahu').toString('base64');
    using dir = aDirectory({ 'all.yaml': `kind: Connection\nid: odahu-repo\nspec: {type: git, uri: "https://git.example.com/a.git", username: me, password: ${encoded}, keyID: null, vital: false}\n---\nkind: ModelPackaging\nid: pack\nspec: {}\n` });
    const { code, err } = await run(['apply', '-f', 'all.yaml', '--yes', '--odahu'], dir.path);
    expect([code, err]).toEqual([0, "! ModelPackaging 'pack' is left out: it lies outside of training\n"]);
    expect(await got('connections/odahu-repo/decrypted')).toMatchObject({ spec: { password: 'a-token-of-odahu' } });
  });

  test('leaves connections alone that somebody may not change, as long as they look the same', async () => {
    const stored = { kind: 'Connection', id: 'repo', createdAt: 'x', updatedAt: 'x', spec: { type: 'git', uri: 'u', token: '*****', publicKey: 'key', vital: false } };
    await using fake = await FakeServer.start({ compareConnection: () => refusal('FORBIDDEN', { action: 'change connections' }), getConnection: () => stored });
    using dir = aDirectory({ 'same.yaml': 'kind: Connection\nid: repo\nspec: {type: git, uri: u, token: t}\n', 'other.yaml': 'kind: Connection\nid: repo\nspec: {type: git, uri: v, token: t}\n' });
    expect((await cli(['apply', '-f', 'same.yaml'], { server: fake, cwd: dir.path })).out).toBe('Nothing to do: the resource is as described.\n');
    expect((await cli(['apply', '-f', 'other.yaml', '--dry-run'], { server: fake, cwd: dir.path })).out).toContain('uri: u → v');
  });

  test('tells a program what it did', async () => {
    using dir = aDirectory(manifests('seven'));
    const { out } = await run(['apply', '-f', '.', '--yes', '-o', 'json'], dir.path);
    expect(JSON.parse(out)).toEqual({ done: true, items: [{ kind: 'Connection', id: 'seven-repo', action: 'create', changes: [] }, { kind: 'ToolchainIntegration', id: 'seven-mine', action: 'create', changes: [] }, { kind: 'ModelTraining', id: 'seven-wine', action: 'create', changes: [] }] });
  });
});

describe('apply --prune', () => {
  test('deletes what it once created here and is described no more, and nothing else', async () => {
    using dir = aDirectory(manifests('eight'));
    const other = JSON.stringify({ kind: 'Connection', id: 'eight-other', spec: { type: 'git', uri: 'https://git.example.com/o.git' } });
    writeFileSync(path.join(dir.path, 'other.json'), other);
    const first = await run(['apply', '-f', '.', '--yes', '--prune', '--no-run'], dir.path);
    expect(first.err).toContain('nothing is deleted this time');
    for (const gone of ['a-train.yaml', 'b-tool.json', 'z-repo.yaml']) writeFileSync(path.join(dir.path, gone), '');
    expect((await run(['apply', '-f', '.', '--yes'], dir.path)).out).toMatch(/^Nothing to do/);
    const { out } = await run(['apply', '-f', '.', '--yes', '--prune'], dir.path);
    expect(out).toMatch(/3 to delete\n\ntraining 'eight-wine' deleted\ntoolchain 'eight-mine' deleted\nconnection 'eight-repo' deleted\n$/);
    expect(await got('connections/eight-other')).toMatchObject({ id: 'eight-other' });
    expect((await run(['apply', '-f', '.', '--prune'], dir.path)).out).toMatch(/^Nothing to do/);
  });

  test('deletes nothing for the sake of a file that it does not understand', async () => {
    const connection = (id: string): string => `kind: Connection\nid: ${id}\nspec: {type: git, uri: "https://git.example.com/o.git"}\n`;
    using dir = aDirectory({ 'keep.yaml': connection('doubt-keep'), 'other.yaml': connection('doubt-other'), 'pod.yaml': 'apiVersion: v1\nkind: Pod\nspec: {}\n' });
    expect((await run(['apply', '-f', '.', '--yes', '--prune'], dir.path)).err).toContain('! pod.yaml is left out: Pod of v1 is none of ours');
    writeFileSync(path.join(dir.path, 'other.yaml'), connection('doubt-other').replace('Connection', 'connection'));
    expect(await run(['apply', '-f', '.', '--yes', '--prune'], dir.path)).toMatchObject({ code: 2, err: expect.stringContaining("did you mean 'Connection'") as string });
    writeFileSync(path.join(dir.path, 'other.yaml'), 'kind: Cable\nname: doubt-other\n');
    const { code, err } = await run(['apply', '-f', '.', '--yes', '--prune'], dir.path);
    expect([code, err]).toEqual([2, expect.stringMatching(/would delete connection 'doubt-other', but[^]*other\.yaml is left out: the kind 'Cable' is not known here/)]);
    expect(await got('connections/doubt-other')).toMatchObject({ id: 'doubt-other' });
  });

  test('needs one directory', async () => {
    using dir = aDirectory(manifests('nine'));
    expect(await run(['apply', '-f', 'z-repo.yaml', '--prune', '--yes'], dir.path)).toMatchObject({ code: 2, err: expect.stringContaining('--prune needs exactly one directory') as string });
  });
});

describe('delete -f', () => {
  test('deletes what is there, users before what they use, and needs no secrets for that', async () => {
    using dir = aDirectory(manifests('ten'));
    await run(['apply', '-f', '.', '--yes'], dir.path);
    writeFileSync(path.join(dir.path, 'secrets/token'), '');
    const { out } = await run(['delete', '-f', '.', '--dry-run'], dir.path);
    expect(out).toMatch(/- training 'ten-wine' {2}is there {2}\(a-train\.yaml\)[^]*3 to delete/);
    const refused = await run(['delete', '-f', '.', '--yes'], dir.path);
    expect([refused.code, refused.err]).toEqual([5, expect.stringContaining('1 run(s) that have not ended')]);
    expect((await run(['delete', '-f', '.', '--yes', '--force'], dir.path)).out).toMatch(/training 'ten-wine' deleted\ntoolchain 'ten-mine' deleted\nconnection 'ten-repo' deleted\n$/);
    expect((await run(['delete', '-f', '.', '--yes'], dir.path)).out).toBe('Nothing to do: none of the resources is there.\n');
  });
});
