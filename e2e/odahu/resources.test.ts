import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OidcIssuer } from '@trainyard/testkit/oidc-issuer.ts';
import { odahuflowctl } from '@trainyard/testkit/python/odahuflowctl.ts';
import { runProgram } from '@trainyard/testkit/run-program.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ServerProcess } from '../server-process.ts';
import { OdahuCli } from './odahu-cli.ts';

const server = new ServerProcess();
let cli: OdahuCli;
beforeAll(async () => {
  await server.start();
  cli = await OdahuCli.make({ API_URL: server.url, API_TOKEN: server.token });
});
afterAll(async () => {
  await cli.remove();
  await server.dispose(false);
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const git = (id: string, spec: object = {}): object => ({ kind: 'Connection', id, spec: { type: 'git', uri: 'git@git.example:odahu/examples.git', keySecret: base64('a key\n'), reference: 'main', ...spec } });
const toolchain = (id: string, spec: object = {}): object => ({ kind: 'ToolchainIntegration', id, spec: { entrypoint: '/opt/train', defaultImage: 'trainer:1', additionalEnvironments: { A: 'b' }, ...spec } });
const training = (id: string, spec: object = {}): object => ({ kind: 'ModelTraining', id, spec: { model: { name: 'wine', version: '1' }, toolchain: 'mlflow', algorithmSource: { vcs: { connection: 'for-bulk' } }, ...spec } });

describe('connections', () => {
  it('live a whole life', async () => {
    cli.write('git.yaml', [git('a-git')]);
    expect(await cli.ok('conn', 'create', '-f', 'git.yaml', '-o', 'jsonpath=[*].spec.keySecret')).toBe('*****\n\n');
    expect(await cli.run('conn', 'create', '-f', 'git.yaml')).toMatchObject({ code: 1, out: expect.stringContaining('entity "a-git" already exists (status: 409)') as string });
    const [made] = await cli.get('conn', 'get', '--id', 'a-git', '-d');
    expect(made?.spec).toMatchObject({ type: 'git', keySecret: base64('a key\n'), reference: 'main', password: null });
    const [shown] = await cli.get('conn', 'get', '--id', 'a-git');
    // what is shown can be sent back
    cli.write('shown.json', JSON.stringify({ ...shown, spec: { ...shown?.spec, description: 'changed' } }));
    await cli.ok('conn', 'edit', '-f', 'shown.json');
    const [edited] = await cli.get('conn', 'get', '--id', 'a-git', '-d');
    expect(edited).toMatchObject({ createdAt: made?.createdAt, spec: { description: 'changed', keySecret: base64('a key\n') } });
    expect(edited?.updatedAt).not.toBe(made?.updatedAt);
    expect(await cli.ok('conn', 'delete', '--id', 'a-git')).toContain('Connection a-git was deleted');
    expect(await cli.run('conn', 'delete', '--id', 'a-git')).toMatchObject({ code: 1, out: expect.stringContaining('entity "a-git" is not found (status: 404)') as string });
    expect((await cli.run('conn', 'delete', '--id', 'a-git', '--ignore-not-found')).code).toBe(0);
  });

  it('are refused in the words of the original', async () => {
    cli.write('bad.yaml', [git('Bad', { keySecret: 'not base64', uri: '' })]);
    expect(await cli.run('conn', 'create', '-f', 'bad.yaml')).toMatchObject({ code: 1, out: expect.stringContaining('Validation of connection is failed: key secret must be base64-encoded, error: illegal base64 data at input byte 3; ID is not valid; empty uri') as string });
    expect(await cli.run('conn', 'get', '--id', 'nope')).toMatchObject({ code: 1, out: expect.stringContaining('entity "nope" is not found') as string });
  });
});

it('toolchains live a whole life', async () => {
  cli.write('ti.yaml', [toolchain('mine')]);
  await cli.ok('ti', 'create', '-f', 'ti.yaml');
  cli.write('ti.yaml', [toolchain('mine', { defaultImage: 'trainer:2' })]);
  await cli.ok('ti', 'edit', '-f', 'ti.yaml');
  expect(await cli.ok('ti', 'get', '--id', 'mine', '-o', 'jsonpath=[*].spec.defaultImage')).toBe('trainer:2\n');
  expect((await cli.get('ti', 'get')).map(({ id }) => id)).toEqual(['mine', 'mlflow', 'mlflow-project']);
  expect(await cli.ok('ti', 'delete', '--id', 'mine')).toContain("{'message': 'ToolchainIntegration mine was deleted'}");
  cli.write('ti.yaml', [{ kind: 'ToolchainIntegration', id: 'mine', spec: {} }]);
  expect((await cli.run('ti', 'create', '-f', 'ti.yaml')).out).toContain('Validation of toolchain integration is failed: empty entrypoint; empty defaultImage (status: 400)');
});

describe('what is printed', () => {
  beforeEach(async () => {
    cli.write('out.yaml', [git('out')]);
    await cli.run('conn', 'create', '-f', 'out.yaml');
  });

  it.each([
    ['yaml', /^- createdAt: '\d{4}-.*\n  id: out\n  kind: Connection\n/],
    ['json', /^\[\{"kind": "Connection", .*\]\n$/s],
    ['table', /^\+-.*\| Connecti/s],
    ['jsonpath=[*].id', /^out\n$/],
  ])('has the format %s', async (format, text) => {
    expect(await cli.ok('conn', 'get', '--id', 'out', '-o', format)).toMatch(text);
  });
});

describe('bulk', () => {
  const all = (): object[] => [git('for-bulk'), toolchain('bulk-tool'), training('bulk-training')];

  it('applies, applies again, and deletes in any order', async () => {
    cli.write('bulk.yaml', all());
    expect(await cli.ok('bulk', 'apply', 'bulk.yaml')).toContain('created resources: 3');
    expect(await cli.ok('bulk', 'apply', 'bulk.yaml')).toContain('changed resources: 3');
    // connections go before the trainings that use them
    expect(await cli.ok('bulk', 'delete', 'bulk.yaml')).toContain('removed resources: 3');
    expect(await cli.get('train', 'get')).toEqual([]);
  });

  it('goes on behind what is refused, and says what was', async () => {
    const spec = 'spec: {type: git, uri: "git@git.example:x.git"}';
    cli.write('mixed.yaml', `kind: Connection\nid: fine\n${spec}\n---\nkind: Connection\nid: NOT\n${spec}\n---\nkind: ModelPackaging\nid: packed\nspec: {artifactName: a, integrationName: b}\n`);
    const { code, out } = await cli.run('bulk', 'apply', 'mixed.yaml');
    expect([code, out]).toEqual([1, expect.stringMatching(/created resources: 1.*Some errors detected:.*ID is not valid.*This API is disabled/s)]);
  });
});

describe('without a server', () => {
  it('templates that were filled in are taken', async () => {
    expect(await cli.ok('template', 'all')).toContain('git_connection');
    const text = (await cli.ok('template', 'generate', '--name', 'git_connection')).replace('<fill in>', 'from-template').replace('<encoded base64>', base64('key'));
    cli.write('template.yaml', text);
    await cli.ok('conn', 'create', '-f', 'template.yaml');
    expect((await cli.get('conn', 'get', '--id', 'from-template'))[0]?.spec).toMatchObject({ reference: 'origin/develop' });
  });

  it('the configuration is kept', async () => {
    await cli.ok('config', 'set', 'MODEL_HOST', 'https://example.org');
    expect(await cli.ok('config', 'get', 'MODEL_HOST')).toContain('https://example.org');
    expect((await cli.run('config', 'get', 'NOPE')).code).toBe(1);
  });
});

it('the SDK reads configuration and user', async () => {
  const program = `
from odahuflow.sdk.clients.configuration import ConfigurationClient
from odahuflow.sdk.clients.user_info import UserInfoClient
from odahuflow.sdk.clients.training import ModelTrainingClient
config = ConfigurationClient().get()
print(config.training.enabled, config.packaging.enabled, config.training.default_resources.limits.cpu, UserInfoClient().get().username, ModelTrainingClient().get_all())
`;
  const { python } = await odahuflowctl();
  const said = await runProgram(python, ['-c', program], { env: { HOME: cli.dir, API_URL: server.url, API_TOKEN: server.token }, missing: 'odahuflowctl brings it' });
  expect(said).toMatch(/^True False 250m cli \[\]\n$/);
});

describe('login', () => {
  let stranger: OdahuCli;
  beforeAll(async () => void (stranger = await OdahuCli.make()));
  afterAll(() => stranger.remove());

  it('with a token lets in, and with a wrong one says so', async () => {
    expect(await stranger.ok('login', '--url', server.url, '--token', server.token)).toContain('Success! Credentials have been saved.');
    expect(await stranger.get('train', 'get')).toEqual([]);
    const wrong = await stranger.run('login', '--url', server.url, '--token', 'wrong-token-wrong-token');
    expect([wrong.code, wrong.out]).toEqual([1, expect.stringContaining('Credentials are not correct.\nPlease provide correct temporary token or disable non interactive mode')]);
    await stranger.ok('logout');
  });

  it('that never was is told what to do', async () => {
    const { code, out } = await stranger.run('conn', '--url', server.url, 'get');
    expect([code, out]).toEqual([1, expect.stringContaining('this server asks for a token: odahuflowctl login --url <url> --token <token> (status: 403)')]);
  });

  it('of a program goes through the identity provider', async () => {
    const issuer = await OidcIssuer.start();
    issuer.clients.set('robot', { secret: 'its-secret', person: { sub: 'robot', name: 'Robot', email: 'robot@example.org', roles: ['odahu_data_scientist'] } });
    const people = new ServerProcess();
    await people.start(['--oidc-issuer', issuer.url, '--oidc-audience', 'robot']);
    try {
      await stranger.ok('login', '--url', people.url, '--client_id', 'robot', '--client_secret', 'its-secret', '--issuer', issuer.url);
      expect(await stranger.get('conn', 'get')).toEqual([]);
      cli.write('refused.yaml', [git('refused')]);
      stranger.write('refused.yaml', readFileSync(join(cli.dir, 'refused.yaml'), 'utf8'));
      expect((await stranger.run('conn', 'create', '-f', 'refused.yaml')).out).toMatch(/\(status: 403\)/);
      expect((await stranger.run('conn', 'get', '--id', 'x', '-d')).out).toMatch(/\(status: 403\)/);
    } finally {
      await people.dispose(false);
      await issuer.down();
    }
  });
});
