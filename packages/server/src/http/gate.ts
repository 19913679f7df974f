import { TrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Authenticator } from '../auth/authenticate.ts';
import type { Identity } from './identity.ts';

export interface GateOptions {
  readonly authenticator: Authenticator;
  /** False: everybody is the local user. Only on loopback; main.ts refuses it elsewhere. */
  readonly auth: boolean;
  /** Host names the server answers to, lower case, without port. */
  readonly hosts: ReadonlySet<string>;
  /** Other names it answers to, by rule. */
  readonly alsoHosts?: (name: string) => boolean;
}

const LOCAL_USER: Identity = { kind: 'user', tokenId: 'local', name: 'local' };
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The one gate, in front of every route of every dialect, and of what is not found. Deny by default: a route that does not
 * say who may call it is for users. A User-Agent is never a reason to let anybody in.
 */
export function addGate(app: FastifyInstance, options: GateOptions): void {
  app.decorateRequest('identity');
  app.addHook('onRequest', async (request) => {
    checkHost(request, options);
    checkOrigin(request);
    const access = request.routeOptions.config.access ?? 'user';
    if (access === 'public') return;
    const token = tokenOf(request);
    // without authentication a runner's token still says whose it is
    const identity = !options.auth && !(token?.startsWith('tyr_') ?? false) ? LOCAL_USER : await options.authenticator.identify(token);
    if (access === 'user' && identity.kind !== 'user') throw new TrainyardError('FORBIDDEN', { action: 'call anything but the routes of its own run' });
    if (access === 'run' && identity.kind !== 'run') throw new TrainyardError('FORBIDDEN', { action: 'speak for a run' });
    request.identity = identity;
  });
}

/** A page that was made to point at us by DNS rebinding still sends its own name here. */
function checkHost(request: FastifyRequest, { hosts, alsoHosts }: GateOptions): void {
  const host = request.headers.host ?? '';
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '').toLowerCase();
  if (!hosts.has(name) && alsoHosts?.(name) !== true) throw new TrainyardError('WRONG_HOST', { host });
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
