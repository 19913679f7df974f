import type { Access } from '@trainyard/api/route.ts';
import { type Action, ADMIN_EVERYWHERE, type Grant, grantText, may } from '@trainyard/core/access/roles.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticator } from '../auth/authenticate.ts';
import { plainName } from '../platform/outbound/allow-list.ts';
import type { Identity } from './identity.ts';

export interface GateOptions {
  readonly authenticator: Authenticator;
  /** False: everybody is the local user. Only on loopback; main.ts refuses it elsewhere. */
  readonly auth: boolean;
  /** Host names the server answers to, lower case, without port. */
  readonly hosts: ReadonlySet<string>;
  /** Other names it answers to, by rule. */
  readonly alsoHosts?: (name: string) => boolean;
  /** Where somebody without a token logs in, for calls to this host; undefined when that would not be safe. Absent: nobody is ever sent there. */
  readonly loginUrl?: ((host: string) => Promise<string | undefined>) | undefined;
}

const LOCAL_USER: Identity = { kind: 'user', tokenId: 'local', name: 'local', roles: ADMIN_EVERYWHERE };
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The one gate, in front of every route of every dialect, and of what is not found. Deny by default: a route that does not
 * say what it needs is for administrators. A User-Agent is never a reason to let anybody in.
 */
export function addGate(app: FastifyInstance, options: GateOptions): void {
  app.decorateRequest('identity');
  app.addHook('onRequest', async (request, reply) => {
    checkHost(request, options);
    checkOrigin(request);
    const access = accessOf(request);
    if (access === 'public') return;
    const token = tokenOf(request);
    // an empty header is a wrong token, not the absence of one
    if (request.headers.authorization === undefined && options.auth) {
      if (await sentToLogin(request, reply, options)) return reply;
      if (access === 'optional') return;
    }
    // without authentication a runner's token still says whose it is
    const identity = !options.auth && !(token?.startsWith('tyr_') ?? false) ? LOCAL_USER : await options.authenticator.identify(token);
    // known before it is judged: the audit log names also who was refused
    request.identity = identity;
    checkAccess(identity, access);
  });
}

/** What is not there is told to whoever is known. */
function accessOf(request: FastifyRequest): Access {
  return request.is404 ? 'signed_in' : (request.routeOptions.config.access ?? 'administer');
}

/** FORBIDDEN unless somebody with this identity may come here at all; which projects are within reach is judged behind the gate. */
export function checkAccess(identity: Identity, access: Access): void {
  switch (access) {
    case 'public':
    case 'optional':
      return;
    case 'signed_in':
      if (identity.kind !== 'user') throw notOfARun();
      return;
    case 'run':
      if (identity.kind !== 'run') throw new TrainyardError('FORBIDDEN', { action: 'speak for a run' });
      return;
    case 'read_or_run':
    case 'write_or_run':
      if (identity.kind === 'user') checkRoles(identity.roles, access === 'read_or_run' ? 'read' : 'write');
      return;
    case 'read':
    case 'write':
    case 'configure':
    case 'decrypt':
    case 'administer':
      if (identity.kind !== 'user') throw notOfARun();
      checkRoles(identity.roles, access);
      return;
    default:
      // a word of an older declaration: nobody knows what it lets in
      throw new TrainyardError('FORBIDDEN', { action: `call a route that needs '${String(access satisfies never)}'` });
  }
}

const WORDS: Readonly<Record<Action, string>> = {
  read: 'read anything here',
  write: 'change trainings, runs or models',
  configure: 'change connections or toolchains',
  decrypt: 'see the secrets of connections',
  administer: 'administer this server',
};

function checkRoles(roles: readonly Grant[], action: Action): void {
  if (may(roles, action)) return;
  throw new TrainyardError('FORBIDDEN', { action: `${WORDS[action]} (its roles: ${roles.length === 0 ? 'none' : roles.map(grantText).join(', ')})` });
}

function notOfARun(): TrainyardError {
  return new TrainyardError('FORBIDDEN', { action: 'call anything but the routes of its own run' });
}

/** Only what reads, only routes that say so, only another host: a client that follows a redirect on the same host takes the login page for the answer. */
async function sentToLogin(request: FastifyRequest, reply: FastifyReply, { loginUrl }: GateOptions): Promise<boolean> {
  if (loginUrl === undefined || request.method !== 'GET' || request.routeOptions.config.login === undefined) return false;
  // probes, browsers and other programs go on getting their answer
  if (!(request.headers['user-agent'] ?? '').startsWith('python-requests/')) return false;
  const url = await loginUrl(hostName(request));
  if (url === undefined) return false;
  await reply.redirect(url, 302);
  return true;
}

/** A page that was made to point at us by DNS rebinding still sends its own name here. Throws WRONG_HOST. */
export function checkHost(request: FastifyRequest, { hosts, alsoHosts }: GateOptions): void {
  const name = hostName(request);
  if (!hosts.has(name) && alsoHosts?.(name) !== true) throw new TrainyardError('WRONG_HOST', { host: request.headers.host ?? '' });
}

/** Without the port, as `hosts` has its names. */
function hostName({ headers }: FastifyRequest): string {
  return plainName((headers.host ?? '').replace(/:\d+$/, ''));
}

/** Browsers say where a call comes from; programs send neither header. */
function checkOrigin(request: FastifyRequest): void {
  if (SAFE_METHODS.has(request.method)) return;
  const origin = request.headers.origin;
  if (origin !== undefined && !isOwnOrigin(origin, request.headers.host ?? '')) throw new TrainyardError('WRONG_ORIGIN', { origin });
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new TrainyardError('WRONG_ORIGIN', { origin: origin ?? String(site) });
}

function isOwnOrigin(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** `Bearer <token>`, or the password of Basic (any user name): what browsers and MLflow's user and password variables send. */
function tokenOf(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization;
  if (header === undefined) return undefined;
  const bearer = /^Bearer +(\S+) *$/i.exec(header)?.[1];
  if (bearer !== undefined) return bearer;
  const basic = /^Basic +(\S+) *$/i.exec(header)?.[1];
  return basic === undefined ? undefined : Buffer.from(basic, 'base64').toString('utf8').replace(/^[^:]*:/, '');
}
