import { OidcIssuer } from '@trainyard/testkit/oidc-issuer.ts';
import type { InjectOptions } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from './test-server.ts';

let issuer: OidcIssuer;
let server: TestServer;
beforeAll(async () => void (issuer = await OidcIssuer.start()));
afterAll(() => issuer.down());
beforeEach(async () => {
  server = await TestServer.open(['--oidc-issuer', issuer.url, '--oidc-audience', 'legion-cli', '--oidc-role-map', 'odahu_admin=admin,odahu_viewer=viewer,team=data_scientist@wine', '--odahu-login-redirect', 'on']);
});
afterEach(() => server.close());

const spec = { model: { name: 'm', version: '1' }, toolchain: 'command', args: ['true'], algorithmSource: { git: { url: 'https://example.com/x.git' } } };

async function ask(token: string | undefined, options: InjectOptions): Promise<{ status: number; code?: string; json: Record<string, unknown>; location?: unknown }> {
  const response = await server.anonymous({ ...options, headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...options.headers } });
  const json = response.body.startsWith('{') ? response.json<Record<string, unknown>>() : {};
  return { status: response.statusCode, code: (json['error'] as { code?: string } | undefined)?.code ?? '', json, location: response.headers['location'] };
}
const get = (url: string, more: Omit<InjectOptions, 'url'> = {}): InjectOptions => ({ ...more, method: 'GET', url });
const admin = (options: InjectOptions) => ask(server.token, options);

async function aToken(roles?: object[]): Promise<{ id: string; token: string }> {
  const { json } = await admin({ method: 'POST', url: '/api/v1/tokens', payload: { name: 'ci', ...(roles === undefined ? {} : { roles }) } });
  return json as unknown as { id: string; token: string };
}

describe('a token of this server', () => {
  it('may train and see when nothing else is said, and the first one may do everything', async () => {
    const { token } = await aToken();
    const { items } = (await admin(get('/api/v1/tokens'))).json as { items: object[] };
    expect(items).toMatchObject([{ name: 'cli', roles: [{ role: 'admin' }] }, { name: 'ci', roles: [{ role: 'data_scientist' }] }]);
    expect((await ask(token, { method: 'POST', url: '/api/v1/trainings', payload: { id: 'wine', spec } })).status).toBe(201);
    expect((await ask(token, get('/api/v1/tokens'))).code).toBe('FORBIDDEN');
  });

  it('has other roles, or is worth nothing, from the next call on', async () => {
    const { id, token } = await aToken([{ role: 'viewer' }]);
    const training = { method: 'POST', url: '/api/v1/trainings', payload: { id: 'wine', spec } } as const;
    expect((await ask(token, training)).status).toBe(403);
    expect((await admin({ method: 'PUT', url: `/api/v1/tokens/${id}`, payload: { roles: [{ role: 'data_scientist' }] } })).json).toMatchObject({ id, roles: [{ role: 'data_scientist' }] });
    expect((await ask(token, training)).status).toBe(201);
    await admin({ method: 'PUT', url: `/api/v1/tokens/${id}`, payload: { roles: [{ role: 'viewer', project: 'beer' }] } });
    expect([(await ask(token, get('/api/v1/trainings/wine'))).status, (await ask(token, get('/api/v1/trainings'))).json]).toEqual([404, { items: [] }]);
    await admin({ method: 'DELETE', url: `/api/v1/tokens/${id}` });
    expect((await ask(token, get('/api/v1/trainings'))).status).toBe(401);
    expect([(await admin({ method: 'DELETE', url: `/api/v1/tokens/${id}` })).code, (await admin({ method: 'PUT', url: `/api/v1/tokens/${id}`, payload: { roles: [{ role: 'admin' }] } })).code]).toEqual(['TOKEN_NOT_FOUND', 'TOKEN_NOT_FOUND']);
  });

  it.each([[[]], [[{ role: 'owner' }]], [[{ role: 'viewer', project: 'A b' }]], [[{ role: 'viewer', projects: ['a'] }]], ['admin']])('is not given the roles %j', async (roles) => {
    expect((await admin({ method: 'POST', url: '/api/v1/tokens', payload: { name: 'x', roles } })).code).toBe('INVALID_FIELDS');
  });
});

describe('a token of the identity provider', () => {
  it('opens what its roles say, beside the tokens of this server', async () => {
    const jwt = (...roles: string[]) => issuer.token({ sub: 'u-1', name: 'Ann', email: 'ann@example.org', roles });
    expect([(await ask(jwt('odahu_admin'), get('/api/v1/tokens'))).status, (await ask(jwt('odahu_viewer'), get('/api/v1/tokens'))).status, (await ask(jwt('odahu_viewer'), get('/api/v1/runs'))).status]).toEqual([200, 403, 200]);
    expect((await ask(jwt('team'), { method: 'POST', url: '/api/v1/trainings', payload: { id: 'wine', spec } })).json).toMatchObject({ spec: { project: 'wine' } });
    expect(await ask(jwt('somebody'), get('/api/v1/runs'))).toMatchObject({ status: 403, code: 'NO_ROLE' });
    expect(await ask(issuer.token({ sub: 'u-1', roles: ['odahu_admin'] }, { changes: { exp: 1 } }), get('/api/v1/runs'))).toMatchObject({ status: 401, code: 'INVALID_TOKEN', json: { error: { message: 'the token is not accepted: it has expired' } } });
    expect((await ask(`${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"u-1","roles":["odahu_admin"]}').toString('base64url')}.`, get('/api/v1/runs'))).status).toBe(401);
  });

  it('has to wait while the provider is away; the others do not', async () => {
    const token = issuer.token({ sub: 'u-1', roles: ['odahu_admin'] });
    await issuer.down();
    try {
      expect(await ask(token, get('/api/v1/runs'))).toMatchObject({ status: 503, code: 'IDENTITY_PROVIDER_DOWN' });
      expect((await admin(get('/api/v1/runs'))).status).toBe(200);
    } finally {
      await issuer.up();
    }
  });

  it('is nothing to a server without a provider', async () => {
    const alone = await TestServer.open();
    const answer = await alone.anonymous({ ...get('/api/v1/runs'), headers: { authorization: `Bearer ${issuer.token({ sub: 'u', roles: ['odahu_admin'] })}` } });
    await alone.close();
    expect(answer.statusCode).toBe(401);
  });
});

describe('somebody without a token', () => {
  it("is sent to the login page where ODAHU's client looks for it, and nowhere else", async () => {
    const client = { 'user-agent': 'python-requests/2.31.0' };
    const sent = await ask(undefined, get('/api/v1/connection', { headers: client }));
    expect([sent.status, String(sent.location)]).toEqual([302, expect.stringContaining(`${issuer.url}/authorize?`) as string]);
    const others: InjectOptions[] = [get('/api/v1/connections'), get('/api/v1/runs'), get('/nothing'), get('/openapi.json'), get('/api/2.0/mlflow/experiments/search'), { method: 'POST', url: '/api/v1/connection', payload: {} }, { method: 'HEAD', url: '/api/v1/connection' }, get('/api/v1/connection', { headers: { host: '127.0.0.1' } }), get('/api/v1/connection', { headers: { authorization: '' } }), get('/api/v1/connection', { headers: { authorization: 'Bearer wrong' } })];
    others.push(get('/api/v1/connection', { headers: { 'user-agent': 'curl/8.0' } }));
    for (const call of others) expect([call.url, (await ask(undefined, { ...call, headers: { ...client, ...call.headers } })).status]).toEqual([call.url, expect.toSatisfy((status: number) => status === 401 || status === 403) as number]);
  });

  it('is told that the server is well, also as a probe; a wrong token is told apart', async () => {
    expect([(await ask(undefined, get('/health'))).status, (await ask(server.token, get('/health'))).status, (await ask('wrong', get('/health'))).status]).toEqual([200, 200, 401]);
    const client = { 'user-agent': 'python-requests/2.31.0' };
    expect((await ask(undefined, get('/health', { headers: client }))).status).toBe(302);
    expect((await ask(server.token, get('/health', { headers: client }))).status).toBe(200);
  });
});

describe('the audit log', () => {
  const records = async (query = '') => (await admin(get(`/api/v1/audit${query}`))).json['items'] as { action: string; outcome: string; resource?: string; project?: string; who: { name: string; id: string } }[];

  it('says who did what, and who was refused', async () => {
    const { id, token } = await aToken([{ role: 'viewer' }]);
    await ask(token, { method: 'PUT', url: '/api/v1/secrets/key', payload: { value: 'very secret text' } });
    await admin({ method: 'PUT', url: '/api/v1/secrets/key', payload: { value: 'very secret text' } });
    await admin({ method: 'POST', url: '/api/v1/trainings', payload: { id: 'wine', spec: { ...spec, project: 'cellar' } } });
    await admin({ method: 'POST', url: '/api/v1/trainings', payload: { id: 'wine', spec } });
    await ask(issuer.token({ sub: 'u-1', name: 'Ann', roles: ['odahu_admin'] }), { method: 'DELETE', url: `/api/v1/tokens/${id}` });
    await admin({ method: 'POST', url: '/api/2.0/mlflow/registered-models/create', payload: { name: 'grapes' } });
    const all = await records();
    expect(all.map(({ who, action, resource, project, outcome }) => [who.name, action, resource, project, outcome])).toEqual([
      ['cli', 'model.create', 'grapes', undefined, 'done'],
      ['Ann', 'token.revoke', id, undefined, 'done'],
      ['cli', 'training.create', 'wine', undefined, 'failed'],
      ['cli', 'training.create', 'wine', 'cellar', 'done'],
      ['cli', 'secret.put', 'key', undefined, 'done'],
      ['ci', 'secret.put', 'key', undefined, 'refused'],
      ['cli', 'token.create', 'ci', undefined, 'done'],
    ]);
    expect(all[1]?.who).toEqual({ id: 'oidc:u-1', name: 'Ann' });
    expect(JSON.stringify(all)).not.toMatch(new RegExp(`very secret text|${token}|${server.token}`));
  });

  it('is read by administrators alone, a page at a time, by what is looked for', async () => {
    const { token } = await aToken([{ role: 'data_scientist' }]);
    for (let i = 0; i < 5; i++) await admin({ method: 'PUT', url: `/api/v1/secrets/key-${i}`, payload: { value: 'x' } });
    await ask(token, { method: 'DELETE', url: '/api/v1/secrets/key-1' });
    expect((await ask(token, get('/api/v1/audit'))).status).toBe(403);
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const { items, nextCursor } = (await admin(get(`/api/v1/audit?action=secret.put&limit=2${cursor}`))).json as { items: { resource: string }[]; nextCursor?: string };
      seen.push(...items.map(({ resource }) => resource));
      if (nextCursor === undefined) break;
      cursor = `&cursor=${nextCursor}`;
    }
    expect(seen).toEqual(['key-4', 'key-3', 'key-2', 'key-1', 'key-0']);
    expect((await records('?outcome=refused')).map(({ action, who }) => [action, who.name])).toEqual([['secret.delete', 'ci']]);
    expect([(await records('?who=ci')).length, (await records('?resource=key-1')).length, (await records('?since=2999-01-01T00:00:00Z')).length, (await records('?since=2001-01-01T00:00:00Z&project=x')).length]).toEqual([1, 2, 0, 0]);
    for (const query of ['?since=yesterday', '?outcome=maybe', '?cursor=x', '?color=red']) expect([query, (await admin(get(`/api/v1/audit${query}`))).status]).toEqual([query, 400]);
  });

  it('has nothing of strangers, of reading, and of what runs log', async () => {
    await ask(undefined, { method: 'DELETE', url: '/api/v1/secrets/key' });
    await ask('wrong', { method: 'DELETE', url: '/api/v1/secrets/key' });
    const { json } = await admin({ method: 'POST', url: '/api/2.0/mlflow/runs/create', payload: { experiment_id: '0' } });
    const run = (json['run'] as { info: { run_id: string } }).info.run_id;
    await admin({ method: 'POST', url: '/api/2.0/mlflow/runs/log-metric', payload: { run_id: run, key: 'm', value: 1, timestamp: 1 } });
    await admin(get('/api/v1/runs'));
    expect(await records()).toEqual([]);
    await admin({ method: 'POST', url: '/api/2.0/mlflow/runs/delete', payload: { run_id: run } });
    expect(await records()).toMatchObject([{ action: 'run.delete', resource: run, outcome: 'done' }]);
  });

  it('has who saw the secrets of a connection', async () => {
    await admin({ method: 'POST', url: '/api/v1/connections', payload: { id: 'repo', spec: { type: 'git', uri: 'https://example.com/x.git', reference: 'main', password: 'open sesame' } } });
    const { token } = await aToken([{ role: 'data_scientist' }]);
    expect((await ask(token, get('/api/v1/connections/repo/decrypted'))).status).toBe(403);
    const shown = await admin(get('/api/v1/connections/repo/decrypted'));
    expect([shown.status, JSON.stringify(shown.json)]).toEqual([200, expect.stringContaining('open sesame') as string]);
    const found = await records('?action=connection.decrypt');
    expect(found.map(({ who, resource, outcome }) => [who.name, resource, outcome])).toEqual([['cli', 'repo', 'done'], ['ci', 'repo', 'refused']]);
    expect(JSON.stringify(await records())).not.toContain('open sesame');
  });
});
