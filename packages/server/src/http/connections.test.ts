import { routes } from '@trainyard/api/routes.ts';
import { toolchains } from '@trainyard/runner/toolchains/catalog.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from './test-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.open();
});
afterEach(() => server.close());

const URI = 'https://127.0.0.1:1/wine.git';
const git = { type: 'git', uri: URI, token: 'a-secret-token' };

async function post(url: string, payload: object, method: 'POST' | 'PUT' = 'POST'): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await server.call({ method, url, payload });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
}
const get = async (url: string) => (await server.call({ method: 'GET', url })).json<Record<string, unknown>>();
const codeOf = (body: Record<string, unknown>) => (body['error'] as { code: string }).code;

describe('connections of the native API', () => {
  it('are kept, shown without secrets, edited with their own answer, and deleted', async () => {
    const created = await post('/api/v1/connections', { kind: 'Connection', id: 'repo', spec: git });
    expect(created).toMatchObject({ status: 201, body: { kind: 'Connection', id: 'repo', spec: { type: 'git', uri: URI, token: '*****', vital: false } } });
    expect(routes.createConnection.answer.safeParse(created.body).error).toBeUndefined();
    const { body } = await post('/api/v1/connections/repo', { ...created.body, spec: { ...(created.body['spec'] as object), reference: 'main', description: '' } }, 'PUT');
    expect(body).toMatchObject({ spec: { reference: 'main', token: '*****' }, createdAt: created.body['createdAt'] });
    expect(await get('/api/v1/connections/repo/decrypted')).toMatchObject({ spec: { ...git, reference: 'main' } });
    expect((await server.call({ method: 'DELETE', url: '/api/v1/connections/repo' })).json()).toEqual({ message: 'Connection repo was deleted' });
    expect(codeOf(await get('/api/v1/connections/repo'))).toBe('CONNECTION_NOT_FOUND');
  });

  it('are listed page by page, of some types, never with a secret', async () => {
    for (const id of ['c', 'a', 'b']) await post('/api/v1/connections', { id, spec: git });
    const first = await get('/api/v1/connections?limit=2&type=git&type=s3');
    const second = await get(`/api/v1/connections?limit=2&cursor=${String(first['nextCursor'])}`);
    expect([first, second].map(({ items }) => (items as { id: string }[]).map(({ id }) => id))).toEqual([['a', 'b'], ['c']]);
    expect(second['nextCursor']).toBeUndefined();
    expect(JSON.stringify([first, second])).not.toContain('a-secret-token');
    expect(await get('/api/v1/connections?type=s3')).toEqual({ items: [] });
    expect(codeOf(await get('/api/v1/connections?cursor=x'))).toBe('INVALID_CURSOR');
  });

  it('are checked, kept or not, and say why not without the secret', async () => {
    await post('/api/v1/connections', { id: 'repo', spec: git });
    for (const { status, body } of [await post('/api/v1/connections/repo/check', {}), await post('/api/v1/connections/check', { id: 'new', spec: git })]) {
      expect([status, routes.checkConnection.answer.safeParse(body).error]).toEqual([200, undefined]);
      expect(body).toMatchObject({ ok: false, problem: 'refused', message: expect.stringContaining('--outbound-allow') as string });
      expect(JSON.stringify(body)).not.toContain('a-secret-token');
    }
    expect(codeOf((await post('/api/v1/connections/absent/check', {})).body)).toBe('CONNECTION_NOT_FOUND');
  });

  it('are compared with what an edit would bring', async () => {
    await post('/api/v1/connections', { id: 'repo', spec: git });
    expect((await post('/api/v1/connections/repo/compare', { id: 'repo', spec: git })).body).toEqual({ changes: [] });
    expect((await post('/api/v1/connections/repo/compare', { id: 'repo', spec: { ...git, token: 'other', lfs: true } })).body).toEqual({ changes: ['lfs', 'token'] });
  });

  it.each<[string, object, number, string]>([
    ['without a type', { id: 'repo', spec: { uri: URI } }, 400, 'INVALID_FIELDS'],
    ['of an unknown type', { id: 'repo', spec: { type: 'ftp', uri: URI } }, 400, 'INVALID_CONNECTION'],
    ['with a field nobody knows', { id: 'repo', spec: { ...git, tokn: 'x' } }, 400, 'INVALID_FIELDS'],
    ['with a bad id', { id: '../repo', spec: git }, 400, 'INVALID_CONNECTION'],
    ['whose id is taken', { id: 'taken', spec: git }, 409, 'CONNECTION_EXISTS'],
  ])('are refused %s', async (_what, payload, status, code) => {
    await post('/api/v1/connections', { id: 'taken', spec: git });
    const answer = await post('/api/v1/connections', payload);
    expect([answer.status, codeOf(answer.body)]).toEqual([status, code]);
  });

  it('are not edited under another name', async () => {
    expect(codeOf((await post('/api/v1/connections/repo', { id: 'other', spec: git }, 'PUT')).body)).toBe('BAD_REQUEST');
    expect(codeOf((await post('/api/v1/connections/repo', { id: 'repo', spec: git }, 'PUT')).body)).toBe('CONNECTION_NOT_FOUND');
  });
});

const training = { model: { name: 'wine', version: 1 }, toolchain: 'command', args: ['true'] };

describe('trainings that name connections', () => {
  it('are taken in both spellings, and shown in the newer one', async () => {
    await post('/api/v1/connections', { id: 'repo', spec: git });
    const older = await post('/api/v1/trainings', { id: 'older', spec: { ...training, vcsName: 'repo', reference: 'main' } });
    const newer = await post('/api/v1/trainings', { id: 'newer', spec: { ...training, algorithmSource: { vcs: { connection: 'repo', reference: 'main' } } } });
    expect(older).toMatchObject({ status: 201, body: { spec: { algorithmSource: { vcs: { connection: 'repo', reference: 'main' } }, data: [] } } });
    expect(older.body['spec']).toEqual(newer.body['spec']);
    expect((await post('/api/v1/trainings/older', older.body, 'PUT')).body['spec']).toEqual(newer.body['spec']);
  });

  it.each<[string, object, RegExp]>([
    ['spellings that disagree', { vcsName: 'repo', algorithmSource: { vcs: { connection: 'other' } } }, /vcsName: 'repo' and algorithmSource.vcs.connection 'other' disagree/],
    ['references that disagree', { reference: 'a', algorithmSource: { vcs: { connection: 'repo', reference: 'b' } } }, /reference: 'a' and algorithmSource.vcs.reference 'b' disagree/],
    ['a reference of nothing', { reference: 'a', algorithmSource: { git: { url: 'https://a.example/b' } } }, /algorithmSource.git.reference/],
    ['names of data that disagree', { vcsName: 'repo', data: [{ connection: 'a', connName: 'b', localPath: 'd' }] }, /data\[0\].connName: 'b' and data\[0\].connection 'a' disagree/],
    ['a connection that is not there', { vcsName: 'absent' }, /entity "absent" is not found/],
    ['both sources', { vcsName: 'repo', algorithmSource: { objectStorage: { connection: 'repo' } } }, /both VCS and ObjectStorage names are specified/],
  ])('are refused with %s', async (_what, fields, words) => {
    await post('/api/v1/connections', { id: 'repo', spec: git });
    const { status, body } = await post('/api/v1/trainings', { id: 'wine', spec: { ...training, ...fields } });
    expect([status, (body['error'] as { message: string }).message]).toEqual([400, expect.stringMatching(words)]);
  });

  it('keep their connections from being deleted, unless by force', async () => {
    await post('/api/v1/connections', { id: 'repo', spec: git });
    await post('/api/v1/trainings', { id: 'wine', spec: { ...training, vcsName: 'repo' } });
    const refused = await server.call({ method: 'DELETE', url: '/api/v1/connections/repo' });
    expect([refused.statusCode, refused.json<{ error: { message: string } }>().error.message]).toEqual([409, "connection 'repo' is used by 1 run(s) that have not ended: run 1 of wine"]);
    expect((await server.call({ method: 'DELETE', url: '/api/v1/connections/repo?force=true' })).statusCode).toBe(200);
  });
});

describe('toolchain integrations of the native API', () => {
  it('stand beside those that runners have themselves', async () => {
    expect((await get('/api/v1/status'))['toolchains']).toEqual(expect.arrayContaining(Object.keys(toolchains)));
  });

  const mine = { id: 'mine', spec: { entrypoint: '/opt/train', defaultImage: 'image:1', additionalEnvironments: { A: 1 } } };

  it('are kept, edited and deleted, and trainings may name them', async () => {
    const created = await post('/api/v1/toolchains', mine);
    expect(created).toMatchObject({ status: 201, body: { kind: 'ToolchainIntegration', spec: { ...mine.spec, additionalEnvironments: { A: '1' } } } });
    expect((await get('/api/v1/toolchains'))['items']).toMatchObject([{ id: 'mine' }, { id: 'mlflow' }, { id: 'mlflow-project' }]);
    const source = { algorithmSource: { git: { url: 'https://example.com/wine.git' } } };
    expect((await post('/api/v1/trainings', { id: 'wine', spec: { ...training, ...source, toolchain: 'mine' } })).status).toBe(201);
    expect((await post('/api/v1/toolchains/mine', { ...created.body, spec: { ...mine.spec, defaultImage: 'image:2' } }, 'PUT')).body).toMatchObject({ spec: { defaultImage: 'image:2' } });
    expect((await server.call({ method: 'DELETE', url: '/api/v1/toolchains/mine' })).json()).toEqual({ message: 'ToolchainIntegration mine was deleted' });
    const after = await post('/api/v1/trainings/wine/runs', {});
    expect([after.status, (after.body['error'] as { message: string }).message]).toEqual([400, expect.stringContaining("there is no toolchain 'mine'")]);
  });

  it('are refused when fields are empty, the id is bad or taken, or nobody is there', async () => {
    const empty = await post('/api/v1/toolchains', { id: 'a', spec: { entrypoint: '', defaultImage: '' } });
    expect([empty.status, (empty.body['error'] as { message: string }).message]).toEqual([400, 'Validation of toolchain integration is failed: empty entrypoint; empty defaultImage']);
    expect(codeOf((await post('/api/v1/toolchains', { ...mine, id: 'A' })).body)).toBe('INVALID_TOOLCHAIN_INTEGRATION');
    expect(codeOf((await post('/api/v1/toolchains', { ...mine, id: 'mlflow' })).body)).toBe('TOOLCHAIN_EXISTS');
    expect(codeOf((await post('/api/v1/toolchains/absent', { ...mine, id: 'absent' }, 'PUT')).body)).toBe('TOOLCHAIN_NOT_FOUND');
    expect(codeOf(await get('/api/v1/toolchains/absent'))).toBe('TOOLCHAIN_NOT_FOUND');
  });
});
