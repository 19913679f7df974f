import { TestServer } from '@trainyard/server/http/test-server.ts';
import { LoopbackListener } from '@trainyard/testkit/loopback/listener.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli, type CliResult } from '../../test-cli.ts';
import { aDirectory } from '../../test-data.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const at = '2022-01-02T03:04:05.123456789Z';
const git = { id: 'examples', createdAt: at, updatedAt: at, spec: { type: 'git', uri: 'git@git.example:odahu/examples.git', keySecret: '*****', reference: 'origin/main' }, status: {} };
const training = {
  id: 'wine',
  createdAt: at,
  updatedAt: at,
  spec: { model: { name: 'wine', version: '3.0', artifactNameTemplate: '{{ .Name }}.zip' }, toolchain: 'own', hyperParameters: { alpha: '0.1' }, workDir: './', algorithmSource: { vcs: { connection: 'examples' }, objectStorage: {} }, image: 'trainer:1', resources: { limits: { cpu: '1' } } },
  status: { state: 'succeeded', artifacts: [{ artifactName: 'wine.zip' }] },
};

/** What an ODAHU server answers, by path below /api/v1. */
const answers = (): Record<string, unknown> => ({
  connection: [git],
  'connection/examples/decrypted': { ...git, spec: { ...git.spec, keySecret: base64('the key\n') } },
  'toolchain/integration': [{ id: 'own', createdAt: at, updatedAt: at, spec: { entrypoint: '/opt/own', defaultImage: 'trainer:1' }, status: {} }],
  'toolchain/integration/own': { id: 'own', spec: { entrypoint: '/opt/own', defaultImage: 'trainer:1' }, status: {} },
  'model/training': [training],
  'model/training/wine': training,
  'packaging/integration': null,
  'model/packaging': [{ id: 'wine-packed' }],
  'model/deployment': [{ id: 'wine-served' }],
});

let here: TestServer;
let url: string;
let odahu: LoopbackListener;
let known: Record<string, unknown>;
const asked: string[] = [];
beforeEach(async () => {
  known = answers();
  here = await TestServer.open();
  ({ url } = await here.listen());
  odahu = new LoopbackListener((request, response) => {
    const path = (request.url ?? '').replace('/api/v1/', '').replace(/\?.*$/, '');
    asked.push(request.headers.authorization ?? 'nobody');
    const answer = known[path];
    if (answer instanceof Response) return void response.writeHead(answer.status, Object.fromEntries(answer.headers)).end();
    response.writeHead(path in known ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(path in known ? answer : { message: `entity "${path}" is not found` }));
  });
  await odahu.start();
});
afterEach(async () => {
  await odahu.stop();
  await here.close();
});

function run(from: string, ...more: string[]): Promise<CliResult> {
  return cli(['import', 'odahu', from, ...more], { cwd: '/', env: { TRAINYARD_URL: url, TRAINYARD_TOKEN: here.token, API_TOKEN: 'an-admin' } });
}

const got = async (path: string): Promise<Record<string, unknown>> => (await here.call({ method: 'GET', url: `/api/v1/${path}` })).json();

describe('import odahu', () => {
  it('brings everything over once, names what is not brought, and counts both sides', async () => {
    const { code, out, err } = await run(odahu.url, '-o', 'json');
    expect([code, JSON.parse(out)]).toEqual([0, {
      source: `ODAHU at ${odahu.url}`,
      complete: true,
      counts: [{ what: 'connections', source: 1, here: 1 }, { what: 'toolchains', source: 1, here: 1 }, { what: 'trainings', source: 1, here: 1 }],
      refused: [],
      notes: [],
      notBrought: ["ModelPackaging 'wine-packed' is left out: it lies outside of training", "ModelDeployment 'wine-served' is left out: it lies outside of training", expect.stringContaining('what there is of ModelRoute is not known') as string],
    }]);
    expect(err).toContain("connection 'examples' created\ntoolchain 'own' created\ntraining 'wine' created\n");
    expect(asked).toContain('Bearer an-admin');
    expect(await got('connections/examples/decrypted')).toMatchObject({ spec: { keySecret: 'the key\n', reference: 'origin/main' } });
    expect(await got('trainings/wine')).toMatchObject({ spec: { toolchain: 'own', hyperParameters: { alpha: '0.1' } }, status: { runs: 0, state: 'none' } });
    expect((await run(odahu.url)).err).not.toContain('created');
  });

  it('keeps what is here, and says where it differs', async () => {
    await here.call({ method: 'POST', url: '/api/v1/toolchains', payload: { id: 'own', spec: { entrypoint: '/opt/mine', defaultImage: 'trainer:1' } } });
    const { code, out } = await run(odahu.url);
    expect([code, out]).toEqual([0, expect.stringMatching(/kept as it is here:\n +toolchain 'own': entrypoint: \/opt\/mine → \/opt\/own/)]);
    expect(await got('toolchains/own')).toMatchObject({ spec: { entrypoint: '/opt/mine' } });
  });

  it('ends with 1 when something could not be read or is refused, and brings the rest', async () => {
    known['connection/examples/decrypted'] = new Response(null, { status: 403 });
    const { code, out } = await run(odahu.url, '-o', 'json');
    expect(code).toBe(1);
    const { refused, counts } = JSON.parse(out) as { refused: { record: string; text: string }[]; counts: object[] };
    expect(refused).toEqual([
      { record: "Connection 'examples'", text: expect.stringContaining('answered 403') as string },
      { record: "training 'wine'", text: expect.stringContaining('entity "examples" is not found') as string },
    ]);
    expect(counts).toEqual([{ what: 'connections', source: 1, here: 0 }, { what: 'toolchains', source: 1, here: 1 }, { what: 'trainings', source: 1, here: 0 }]);
  });

  it('takes a login page for what it is', async () => {
    known['connection'] = new Response(null, { status: 302, headers: { location: 'https://login.example.org' } });
    expect(await run(odahu.url)).toMatchObject({ code: 2, err: expect.stringMatching(/it asks for a login.*API_TOKEN/s) as string });
  });

  it('reads manifests of a directory', async () => {
    using dir = aDirectory({ 'all.yaml': `kind: Connection\nid: repo\nspec: {type: git, uri: "https://git.example.com/a.git", username: me, password: ${base64('a-secret')}, role: null}\n---\nkind: ModelPackaging\nid: packed\nspec: {}\n` });
    const { code, out, err } = await run(dir.path, '--dry-run');
    expect([code, out, err]).toEqual([0, "connection 'repo'\n", expect.stringContaining("ModelPackaging 'packed' is left out")]);
    expect((await run(dir.path)).code).toBe(0);
    expect(await got('connections/repo/decrypted')).toMatchObject({ spec: { password: 'a-secret' } });
  });
});
