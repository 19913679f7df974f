import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli } from '../test-cli.ts';
import { aDirectory, anAttempt, aRun, aRunDetail, aTraining, RUN_ID } from '../test-data.ts';
import { eventStream, refusal, TestServer } from '../test-server.ts';

const SPEC = '{model: {name: wine, version: 1.0}, toolchain: mlflow, algorithmSource: {git: {url: "https://example.com/x.git"}}}';
const two = `kind: ModelTraining\nid: a\nspec: ${SPEC}\n---\nkind: ModelTraining\nid: b\nspec: ${SPEC}\n`;

describe('train create, edit, delete, rerun', () => {
  const echo = ({ body }: { body: unknown }) => aTraining({ id: (body as { id: string }).id, status: { state: 'queued', runNumber: 8 } });

  test('several documents from stdin', async () => {
    const versions: unknown[] = [];
    await using server = await TestServer.start({ createTraining: (call) => (versions.push((call.body as { spec: { model: { version: unknown } } }).spec.model.version, call.query['run']), echo(call)) });
    expect(await cli(['train', 'create', '-f', '-'], { server, stdin: two })).toEqual({ code: 0, out: "training 'a' created, run 8 queued\ntraining 'b' created, run 8 queued\n", err: '' });
    expect(versions).toEqual(['1.0', true, '1.0', true]);
  });

  test('--no-run, and a list for programs', async () => {
    await using server = await TestServer.start({ createTraining: (call) => (expect(call.query['run']).toBe(false), echo(call)) });
    const { out } = await cli(['train', 'create', '-f', '-', '--no-run', '-o', 'jsonpath=items[*].id'], { server, stdin: two });
    expect(out).toBe('a\nb\n');
  });

  test('one that exists is a conflict, or left as it is', async () => {
    await using server = await TestServer.start({ createTraining: (call) => ((call.body as { id: string }).id === 'a' ? refusal('TRAINING_EXISTS', { id: 'a' }) : echo(call)) });
    expect((await cli(['train', 'create', '-f', '-'], { server, stdin: two })).code).toBe(5);
    expect(await cli(['train', 'create', '-f', '-', '--ignore-if-exists'], { server, stdin: two })).toMatchObject({ code: 0, out: "training 'a' exists already, left as it is\ntraining 'b' created, run 8 queued\n" });
  });

  test('a manifest without a source takes its own directory', async () => {
    let uploaded = 0;
    await using server = await TestServer.start({
      findSnapshot: () => refusal('SNAPSHOT_NOT_FOUND', { digest: 'x' }),
      putSnapshot: ({ params, bytes }) => ((uploaded = bytes.length), { digest: params['digest'], sizeBytes: bytes.length }),
      editTraining: echo,
    });
    using dir = aDirectory({ 'sub/t.yaml': 'kind: ModelTraining\nid: a\nspec: {model: {name: a, version: 1}, toolchain: mlflow}\n', 'sub/train.py': '' });
    expect(await cli(['train', 'edit', '-f', 'sub/t.yaml'], { server, cwd: dir.path })).toMatchObject({ code: 0, out: "training 'a' edited, run 8 queued\n" });
    expect(uploaded).toBeGreaterThan(0);
  });

  test('a directory with one training counts as its manifest, one without is refused', async () => {
    await using server = await TestServer.start({ createTraining: echo });
    using dir = aDirectory({ 'one/t.yaml': `kind: ModelTraining\nid: a\nspec: ${SPEC}\n`, 'none/conda.yaml': 'name: x\n', 'c.yaml/': '' });
    expect(await cli(['train', 'create', '-f', 'one'], { server, cwd: dir.path })).toMatchObject({ code: 0, out: "training 'a' created, run 8 queued\n" });
    expect(await cli(['train', 'create', '-f', 'none'], { server, cwd: dir.path })).toMatchObject({ code: 2, err: expect.stringContaining("there is no manifest of a training in 'none'") as string });
    expect(await cli(['connection', 'create', '-f', 'c.yaml'], { server, cwd: dir.path })).toMatchObject({ code: 2, err: expect.stringMatching(/'c\.yaml' is a directory\n {2}hint: [^\n]*trainyard apply -f c\.yaml/) as string });
  });

  test.each([
    ['hyperParams: {}', /spec\.hyperParams[^]*did you mean 'hyperParameters'/],
    ['timeout: bananas', /spec\.timeout: 'bananas' is not a duration: write 90s/],
    ['engine: locla', /there is no engine 'locla'\n {2}hint: engines here: local; did you mean 'local'\?/],
  ])('what is wrong is told before the source is uploaded: %s', async (line, words) => {
    await using server = await TestServer.start({ status: () => ({ version: '1', startedAt: 'x', database: 'sqlite', engines: [{ name: 'local', can: {}, limit: 1 }], toolchains: [], runs: {} }) });
    using dir = aDirectory({ 'train.yaml': `kind: ModelTraining\nid: a\nspec: {model: {name: a, version: 1}, toolchain: mlflow, ${line}}\n`, 'train.py': '' });
    for (const how of [['create', '-f', 'train.yaml'], ['run']]) expect(await cli(['train', ...how], { server, cwd: dir.path })).toMatchObject({ code: 2, err: expect.stringMatching(words) as string });
  });

  test('from stdin there is no directory to take', async () => {
    await using server = await TestServer.start();
    const { code, err } = await cli(['train', 'create', '-f', '-'], { server, stdin: 'kind: ModelTraining\nid: a\nspec: {model: {name: a, version: 1}, toolchain: mlflow}\n' });
    expect([code, err]).toEqual([2, expect.stringContaining('stdin: spec.algorithmSource is missing')]);
  });

  test('delete, by force, and of what is not there', async () => {
    await using server = await TestServer.start({ deleteTraining: ({ params, query }) => (params['id'] === 'gone' ? refusal('TRAINING_NOT_FOUND', { id: 'gone' }) : { message: `deleted, force ${String(query['force'])}` }) });
    expect((await cli(['train', 'delete', 'wine', '--force'], { server })).out).toBe('deleted, force true\n');
    expect((await cli(['train', 'delete', 'gone'], { server })).code).toBe(4);
    expect((await cli(['train', 'delete', 'gone', '--ignore-not-found'], { server })).code).toBe(0);
  });

  test('rerun with other parameters', async () => {
    await using server = await TestServer.start({
      runTraining: ({ body }) => (expect(body).toEqual({ hyperParameters: { alpha: '0.1', l1: '0.9' }, priority: -5 }), aRun()),
    });
    expect(await cli(['train', 'rerun', 'wine', '-P', 'alpha=0.1', '-P', 'l1=0.9', '--priority', '-5', '--no-wait'], { server })).toMatchObject({ code: 0, out: `${RUN_ID}\n` });
  });

  test('an empty list is said on stderr, a program still gets a list', async () => {
    await using server = await TestServer.start({ listTrainings: () => ({ items: [] }) });
    expect(await cli(['train', 'list'], { server })).toEqual({ code: 0, out: '', err: 'There are no trainings. Start one with: trainyard train run DIR\n' });
    expect((await cli(['train', 'list', '-o', 'json'], { server })).out).toBe('{\n  "items": []\n}\n');
  });
});

describe('stop, retry', () => {
  test('stop asks, and waits when it is told to', async () => {
    let looks = 0;
    await using server = await TestServer.start({
      getRun: () => aRunDetail({ state: ++looks < 4 ? 'running' : 'stopped', endedAt: '2026-01-02T03:04:08.000Z' }),
      stopRun: () => aRun({ state: 'running', stopRequested: true }),
      runEvents: () => (response) => void eventStream(response),
    });
    expect((await cli(['stop', '7'], { server })).out).toBe('run 7 of wine is stopping\n');
    expect((await cli(['stop', '7', '--wait'], { server })).out).toBe('run 7 of wine was stopped\n');
  });

  test('stopping what has ended is a conflict', async () => {
    await using server = await TestServer.start({ getRun: () => aRunDetail(), stopRun: () => refusal('RUN_ENDED', { id: 7, state: 'succeeded' }) });
    expect((await cli(['stop', '7'], { server })).code).toBe(5);
  });

  test('retry starts a new run', async () => {
    await using server = await TestServer.start({ getRun: () => aRunDetail({ state: 'failed' }), retryRun: ({ params }) => aRun({ id: String(params['id']).replace('0', 'f') }) });
    expect((await cli(['retry', '7', '--no-wait'], { server })).out).toBe(`${RUN_ID.replace('0', 'f')}\n`);
  });
});

describe('logs', () => {
  const raw = Buffer.from([0x66, 0xff, 0x00, 0x1b, 0x5b, 0x32, 0x4a, 0x0a, 0x78]);
  const yard = () => TestServer.start({ getRun: () => aRunDetail({ attempts: [anAttempt({ logBytes: raw.length })] }), runLog: ({ query }) => raw.subarray(Number(query['fromByte'])) });

  test('bytes stay bytes in a pipe', async () => {
    await using server = await yard();
    const { out } = await cli(['logs', '7'], { server });
    expect(out).toBe(raw.toString());
  });

  test('on a terminal nothing but colours gets through', async () => {
    await using server = await yard();
    const { out } = await cli(['logs', '-f', '7'], { server, columns: 80 });
    expect(out).toBe('f�␀␛[2J\nx\u001b[0m');
  });

  test('--tail', async () => {
    await using server = await yard();
    expect((await cli(['logs', '7', '--tail', '1'], { server })).out).toBe('x');
  });

  test('an attempt that is not there', async () => {
    await using server = await yard();
    expect(await cli(['logs', '7', '--attempt', '3'], { server })).toEqual({ code: 2, out: '', err: 'error: run 7 has no attempt 3\n  hint: its attempts: 1 to 1\n' });
  });
});

describe('artifacts, download', () => {
  test('a listing and a file', async () => {
    await using server = await TestServer.start({
      getRun: () => aRunDetail(),
      listRunArtifacts: ({ query }) => (expect(query['path']).toBe('model'), { files: [{ path: 'model/data', isDirectory: true }, { path: 'model/MLmodel', isDirectory: false, sizeBytes: 1234 }] }),
      getRunArtifact: ({ query }) => Buffer.from(`content of ${String(query['path'])}`),
    });
    using dir = aDirectory();
    expect((await cli(['artifacts', '7', 'model/'], { server })).out).toBe('PATH             SIZE\nmodel/data/         -\nmodel/MLmodel  1.2 kB\n');
    expect((await cli(['download', '7', 'model/MLmodel'], { server, cwd: dir.path })).out).toBe('MLmodel  24 B\n');
    expect(readFileSync(path.join(dir.path, 'MLmodel'), 'utf8')).toBe('content of model/MLmodel');
  });

  test('a directory that is not there is not an empty one', async () => {
    await using server = await TestServer.start({ getRun: () => aRunDetail(), listRunArtifacts: () => ({ files: [] }) });
    expect(await cli(['artifacts', '7', 'nope'], { server })).toMatchObject({ code: 4, out: '', err: expect.stringContaining("there is no artifact 'nope/'") as string });
    expect(await cli(['artifacts', '7'], { server })).toMatchObject({ code: 0, out: '', err: expect.stringContaining('has no artifacts') as string });
  });
});

describe('secret, token, status', () => {
  test('a secret comes from stdin and is never printed', async () => {
    await using server = await TestServer.start({ putSecret: ({ params, body }) => (expect([params['name'], body]).toEqual(['hub', { value: 's3cret' }]), { name: 'hub', updatedAt: 'x' }) });
    const { code, out, err } = await cli(['secret', 'set', 'hub'], { server, stdin: 's3cret\n' });
    expect([code, out, err]).toEqual([0, "secret 'hub' is sealed\n", '']);
  });

  test('a value on the command line is refused', async () => {
    expect((await cli(['secret', 'set', 'hub', 's3cret'], { stdin: 'x' })).code).toBe(2);
  });

  test('secrets are listed and deleted', async () => {
    await using server = await TestServer.start({ listSecrets: () => ({ items: [{ name: 'hub', updatedAt: new Date().toISOString() }] }), deleteSecret: () => ({ message: 'gone' }) });
    expect((await cli(['secrets', 'list'], { server })).out).toBe('NAME  CHANGED\nhub   just now\n');
    expect((await cli(['secret', 'rm', 'hub'], { server })).out).toBe('gone\n');
  });

  test('a token is printed alone, so that it can be captured', async () => {
    await using server = await TestServer.start({ createToken: () => ({ id: '3', name: 'ci', roles: [], createdAt: 'x', token: 'the-token' }), listTokens: () => ({ items: [{ id: '3', name: 'ci', roles: [{ role: 'viewer', project: 'wine' }], createdAt: new Date().toISOString() }] }), revokeToken: () => ({ message: 'revoked' }) });
    expect(await cli(['token', 'create', 'ci'], { server })).toEqual({ code: 0, out: 'the-token\n', err: '' });
    expect((await cli(['token', 'list'], { server })).out).toBe('ID  NAME  ROLES        CREATED   LAST USED\n3   ci    viewer@wine  just now  never\n');
    expect((await cli(['token', 'revoke', '3'], { server })).out).toBe('revoked\n');
  });

  test('a token gets the roles it is asked for', async () => {
    const asked: unknown[] = [];
    const token = { id: '3', name: 'ci', createdAt: 'x', token: 'the-token' };
    await using server = await TestServer.start({
      createToken: ({ body }) => { asked.push((body as { roles: unknown }).roles); return { ...token, roles: [] }; },
      editToken: ({ body }) => ({ ...token, roles: (body as { roles: object[] }).roles }),
    });
    for (const options of [[], ['--role', 'viewer'], ['--role', 'viewer', '--project', 'a', 'b'], ['--project', 'a'], ['--role', 'admin', 'viewer@c', '--project', 'a']]) expect((await cli(['token', 'create', 'ci', ...options], { server })).code).toBe(0);
    expect(asked).toEqual([[{ role: 'data_scientist' }], [{ role: 'viewer' }], [{ role: 'viewer', project: 'a' }, { role: 'viewer', project: 'b' }], [{ role: 'data_scientist', project: 'a' }], [{ role: 'admin', project: 'a' }, { role: 'viewer', project: 'c' }]]);
    expect((await cli(['token', 'edit', '3', '--role', 'viewer', 'data_scientist@wine'], { server })).out).toBe("token 'ci': viewer, data_scientist@wine\n");
    expect(await cli(['token', 'create', 'ci', '--role', 'owner'], { server })).toMatchObject({ code: 2, err: expect.stringContaining('Write one of admin, data_scientist, viewer') as string });
    expect((await cli(['token', 'edit', '3'], { server })).code).toBe(2);
  });

  test('the audit log is a table of who did what', async () => {
    const record = { at: new Date().toISOString(), who: { id: 't1', name: 'ci' }, action: 'secret.put', resource: 'key', outcome: 'refused', requestId: 'req-1', address: '10.0.0.7' };
    const asked: unknown[] = [];
    await using server = await TestServer.start({ listAudit: ({ query }) => { asked.push(query); return { items: [record] }; } });
    const { out } = await cli(['audit', '--outcome', 'refused', '--who', 'ci', '--last', '24h'], { server });
    expect(out).toBe('WHEN      WHO  ACTION      WHAT  PROJECT  OUTCOME  FROM\njust now  ci   secret.put  key   -        refused  10.0.0.7\n');
    expect(asked).toMatchObject([{ outcome: 'refused', who: 'ci', since: expect.stringMatching(/^\d{4}-.*Z$/) as string, limit: 50 }]);
    expect((await cli(['audit', '--outcome', 'maybe'], { server })).code).toBe(2);
  });

  test('status', async () => {
    const found = { version: '1.2.3', startedAt: new Date().toISOString(), database: 'sqlite', engines: [{ name: 'local', can: {}, limit: 4 }], toolchains: ['mlflow', 'command'], runs: { queued: 3 } };
    await using server = await TestServer.start({ status: () => found });
    expect((await cli(['status'], { server })).out).toMatch(/^Trainyard 1\.2\.3 at http:[^]*runs +3 queued\n {2}engines +local {2}up to 4 at the same time\n/);
    expect((await cli(['status', '-o', 'jsonpath=runs.queued'], { server })).out).toBe('3\n');
  });
});
