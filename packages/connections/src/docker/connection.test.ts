import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { closedPort } from '@trainyard/testkit/silent-server.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectionContext, ConnectionError } from '../connection.ts';
import { registryOf } from '../registry-ping.ts';
import { connection } from './connection.ts';

type Way = 'basic' | 'bearer' | 'open' | 'none' | 'astray';
const LOGIN = `Basic ${Buffer.from('trainyard:hunter2hunter2').toString('base64')}`;
const context: ConnectionContext = { env: {}, signal: new AbortController().signal };
let way: Way;
let server: Server;
let host: string;

beforeEach(async () => {
  server = createServer(({ url = '', headers }, response) => {
    const isLetIn = headers.authorization === LOGIN;
    if (way === 'none') response.writeHead(404).end();
    else if (way === 'open') response.writeHead(200).end('{}');
    else if (url.startsWith('/token')) response.writeHead(isLetIn && url === '/token?service=wine' ? 200 : 401).end('{"token":"t"}');
    else if (way === 'basic' && isLetIn) response.writeHead(200).end('{}');
    else response.writeHead(401, { 'www-authenticate': { basic: 'Basic realm="wine"', bearer: `Bearer realm="http://${host}/token",service="wine"`, astray: 'Bearer realm="ftp://elsewhere/token"' }[way] }).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const spec = (changes: Partial<ConnectionSpec> = {}): ConnectionSpec => ({ type: 'docker', uri: `${host}/wine`, username: 'trainyard', password: 'hunter2hunter2', vital: false, ...changes });
const failure = (changes: Partial<ConnectionSpec>): Promise<ConnectionError> => connection.check({ spec: spec(changes) }, context).then(() => expect.unreachable('it should have failed'), (error: unknown) => error as ConnectionError);

describe('a connection to a registry', () => {
  it.each(['basic', 'bearer'] as const)('is let in the %s way, and refused with a wrong password', async (asked) => {
    way = asked;
    expect(await connection.check({ spec: spec() }, context)).toEqual({ notes: [] });
    const refused = await failure({ password: 'hunter3hunter3' });
    expect(refused.problem).toBe('refused');
    expect(refused.message).not.toContain('hunter3');
  });

  it('says that an open registry looks at no password', async () => {
    way = 'open';
    expect((await connection.check({ spec: spec() }, context)).notes[0]).toContain('lets everybody in');
  });

  it('sends no password astray', async () => {
    way = 'astray';
    expect(await failure({})).toMatchObject({ problem: 'refused' });
  });

  it('says what is no registry, and what is not there', async () => {
    way = 'none';
    expect(await failure({})).toMatchObject({ problem: 'not_found' });
    expect(await failure({ uri: `127.0.0.1:${await closedPort()}/wine` })).toMatchObject({ problem: 'unreachable' });
  });

  it('may be kept from an address', async () => {
    way = 'open';
    const kept = connection.check({ spec: spec() }, { ...context, lookup: (_host, _options, callback) => callback(Object.assign(new Error('not allowed'), { code: 'REFUSED' }), '') });
    await expect(kept).rejects.toMatchObject({ problem: 'refused' });
  });

  it('is the source of nothing', async () => {
    await expect(connection.fetch({ spec: spec(), into: '/nowhere', limits: { bytes: 1, entries: 1 } }, context)).rejects.toMatchObject({ problem: 'invalid' });
    expect(connection.uses).toEqual([]);
  });

  it('needs what ODAHU needs, in its words', () => {
    expect(connection.problems(spec())).toEqual([]);
    expect(connection.problems({ type: 'docker', uri: '', vital: false })).toEqual(['empty uri', 'docker type requires the password parameter', 'docker type requires the username parameter']);
  });
});

describe('the registry of a name', () => {
  it.each([
    ['gcr.io/wine', 'https://gcr.io/v2/'],
    ['registry.example.com:5000', 'https://registry.example.com:5000/v2/'],
    ['localhost:5000/wine', 'http://localhost:5000/v2/'],
    ['http://10.0.0.1:5000', 'http://10.0.0.1:5000/v2/'],
    ['docker.io/me/wine', 'https://registry-1.docker.io/v2/'],
    ['me/wine', 'https://registry-1.docker.io/v2/'],
  ])("of '%s' is %s", (uri, url) => {
    expect(registryOf(uri)?.href).toBe(url);
  });

  it.each(['', '/wine', 'me:secret@host.example/wine'])("'%s' is none", (uri) => {
    expect(registryOf(uri)).toBeUndefined();
  });
});
