import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionBody, OdahuServer, trainingBody } from './odahu-server.contract.ts';

let odahu: OdahuServer;
const tokens = new Map<string, string>();
beforeAll(async () => {
  odahu = await OdahuServer.open();
  await odahu.send('POST', 'connection', connectionBody('secretive', { type: 'git', uri: 'git@host.example:x', keySecret: 'a2V5' }));
  await odahu.send('POST', 'model/training', trainingBody('wine', { algorithmSource: { vcs: { connection: 'secretive' } } }));
  for (const role of ['data_scientist', 'viewer']) {
    const { token } = (await odahu.send('POST', 'tokens', { name: role, roles: [role === 'viewer' ? { role } : { role: 'data_scientist' }] })).json as { token: string };
    tokens.set(role, token);
  }
});
afterAll(() => odahu.close());

const as = (role: string): { authorization: string } => ({ authorization: `Bearer ${tokens.get(role) ?? role}` });

describe('the roles of ODAHU', () => {
  it.each([
    ['data_scientist', 'GET connection', 200, undefined],
    ['data_scientist', 'GET connection/secretive/decrypted', 403, undefined],
    ['data_scientist', 'POST connection', 403, connectionBody('x', { type: 'git', uri: 'git@h:x' })],
    ['data_scientist', 'DELETE connection/secretive', 403, undefined],
    ['data_scientist', 'PUT toolchain/integration', 403, { id: 'mlflow', spec: { entrypoint: '/x', defaultImage: 'y' } }],
    ['data_scientist', 'GET toolchain/integration/mlflow', 200, undefined],
    ['data_scientist', 'PUT model/training', 200, trainingBody('wine', { algorithmSource: { vcs: { connection: 'secretive' } } })],
    ['data_scientist', 'GET configuration', 200, undefined],
    ['viewer', 'GET model/training/wine', 200, undefined],
    ['viewer', 'GET model/training/wine/log', 200, undefined],
    ['viewer', 'PUT model/training', 403, trainingBody('wine')],
    ['viewer', 'DELETE model/training/wine', 403, undefined],
  ] as const)('a %s: %s is %i', async (role, call, status, body) => {
    const [method, path] = call.split(' ') as ['GET', string];
    const answer = await odahu.send(method, path, body, as(role));
    expect([answer.status, answer.text.startsWith('{"message":"this token may not ')]).toEqual([status, status === 403]);
  });

  it('nobody is told to bring a token, and a wrong one is told to be wrong', async () => {
    const nobody = await odahu.server.anonymous({ method: 'GET', url: '/api/v1/connection' });
    expect([nobody.statusCode, nobody.json<{ message: string }>().message]).toEqual([403, 'this server asks for a token: odahuflowctl login --url <url> --token <token>']);
    const wrong = await odahu.server.anonymous({ method: 'GET', url: '/api/v1/model/training', headers: as('wrong') });
    expect([wrong.statusCode, wrong.headers['www-authenticate'], wrong.json<{ message: string }>().message]).toEqual([401, 'Bearer', 'this call needs a valid token']);
  });

  it('a user is told who they are', async () => {
    expect((await odahu.send('GET', 'user/info', undefined, as('viewer'))).json).toEqual({ username: 'viewer', email: '' });
    expect((await odahu.server.anonymous({ method: 'GET', url: '/api/v1/user/info' })).json()).toEqual({ email: 'anonymous@email.org', username: 'anonymous' });
  });

  it('who saw secrets is in the audit log', async () => {
    await odahu.send('GET', 'connection/secretive/decrypted');
    const { items } = (await odahu.send('GET', 'audit')).json as { items: { action: string; resource?: string; outcome: string }[] };
    const seen = items.filter(({ action }) => action === 'connection.decrypt').map(({ resource, outcome }) => [resource, outcome]);
    expect(seen).toEqual([['secretive', 'done'], ['secretive', 'refused']]);
  });
});
