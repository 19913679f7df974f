import type { IncomingMessage } from 'node:http';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { type ConnectionContext, ConnectionError } from './connection.ts';
import { addressOf } from './look-up.ts';
import { HttpAgents } from './transfer/http-agents.ts';
import { httpCall } from './transfer/http-call.ts';
import { connectionErrorOf, StoreFailure, storeFailure } from './transfer/store-failure.ts';

/** What a container registry said to `GET /v2/`. `unproven`: it wants credentials, and was given none. */
export type RegistryAnswer = 'open' | 'accepted' | 'unproven';

/** The root of the registry an image name or registry URI begins with, as Docker reads it: without a host it is Docker Hub. */
export function registryOf(uri: string): URL | undefined {
  const [, scheme, authority = ''] = /^(https?:\/\/)?([^/]+)/i.exec(uri) ?? [];
  if (authority === '') return undefined;
  const isHost = scheme !== undefined || /[.:]|^localhost$/.test(authority);
  const host = !isHost || /^(index\.)?docker\.io$/i.test(authority) ? 'registry-1.docker.io' : authority;
  const isLoopback = /^(localhost|127\.[\d.]+|\[::1\])(:\d+)?$/i.test(host);
  const url = URL.parse(`${scheme ?? (isLoopback ? 'http://' : 'https://')}${host}/v2/`);
  return url === null || url.username !== '' || url.password !== '' ? undefined : url;
}

/** Asks a registry whether it is there, and with a user whether it lets that user in. Throws ConnectionError. */
export async function pingRegistry(url: URL, login: Pick<ConnectionSpec, 'username' | 'password'> | undefined, context: ConnectionContext): Promise<RegistryAnswer> {
  const agents = new HttpAgents(context);
  try {
    return await ping(url, { authorization: login === undefined ? undefined : basic(login), agents, context });
  } catch (error) {
    context.signal.throwIfAborted();
    agents.refused.throwIfAborted();
    throw error instanceof StoreFailure ? connectionErrorOf(error, `the registry ${url.host}`, 'username and password of the connection') : error;
  } finally {
    agents.close();
  }
}

interface Asking {
  readonly authorization: string | undefined;
  readonly agents: HttpAgents;
  readonly context: ConnectionContext;
}

async function ping(url: URL, asking: Asking): Promise<RegistryAnswer> {
  const first = await ask(url, {}, asking);
  if (first.statusCode === 200) return 'open';
  if (first.statusCode === 404) throw new ConnectionError('not_found', `${url.host} is no container registry: it does not know /v2/; check the uri of the connection`);
  if (first.statusCode !== 401) throw storeFailure({ status: first.statusCode, code: '' });
  if (asking.authorization === undefined) return 'unproven';
  const challenge = challengeOf(first, url);
  const { statusCode } = await ask(challenge, { authorization: asking.authorization }, asking);
  if (statusCode !== 200) throw storeFailure({ status: statusCode, code: '' });
  return 'accepted';
}

/** Where the credentials are to be shown: at the registry itself, or at the server for tokens that it names. */
function challengeOf({ headers }: IncomingMessage, url: URL): URL {
  const challenge = headers['www-authenticate'] ?? '';
  if (!/^bearer /i.test(challenge)) return url;
  const [realm, service] = ['realm', 'service'].map((name) => new RegExp(`${name}="([^"]*)"`, 'i').exec(challenge)?.[1]);
  const tokens = URL.parse(realm ?? '');
  if (tokens === null || (tokens.protocol !== 'https:' && tokens.protocol !== url.protocol)) throw new ConnectionError('refused', `the registry ${url.host} sends for tokens to '${realm ?? ''}', where no password is sent to: it has to be https`);
  if (service !== undefined) tokens.searchParams.set('service', service);
  return tokens;
}

async function ask(url: URL, headers: Readonly<Record<string, string>>, { agents, context }: Asking): Promise<IncomingMessage> {
  await addressOf(url.hostname, context);
  const answer = await httpCall(agents, { method: 'GET', url, headers: { 'user-agent': 'trainyard', ...headers }, signal: context.signal });
  answer.destroy();
  return answer;
}

function basic({ username = '', password = '' }: Pick<ConnectionSpec, 'username' | 'password'>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
