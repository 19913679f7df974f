import { createSign, generateKeyPairSync, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { LoopbackListener } from './loopback/listener.ts';

export interface Person {
  readonly sub: string;
  readonly name?: string;
  readonly email?: string;
  readonly roles?: unknown;
  readonly [claim: string]: unknown;
}

interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

interface Client {
  readonly secret: string;
  readonly person: Person;
}

const LIFETIME_SECONDS = 300;

/**
 * A small OpenID Connect provider on loopback: real keys and signatures, discovery, the three grants that ODAHU's client uses,
 * and a login page that logs `loggedIn` in at once. It can change its keys and go away.
 */
export class OidcIssuer {
  readonly #listener = new LoopbackListener((request, response) => void this.#answer(request, response));
  #keys: SigningKey[] = [newKey()];
  readonly #codes = new Map<string, { readonly redirectUri: string; readonly clientId: string }>();
  readonly #refreshTokens = new Map<string, { readonly clientId: string; readonly person: Person }>();
  /** Programs that may ask for tokens of their own, by client id. */
  readonly clients = new Map<string, Client>();
  /** Who is at the login page; nobody: it asks for a name. */
  loggedIn: Person | undefined;
  /** `METHOD path`, in the order in which they came. */
  readonly calls: string[] = [];
  /** Replaces what an endpoint says: for issuers that lie or are broken. */
  readonly instead = new Map<string, { readonly status: number; readonly body: string }>();

  static async start(): Promise<OidcIssuer> {
    const issuer = new OidcIssuer();
    await issuer.#listener.start();
    return issuer;
  }

  /** As its tokens name it. */
  get url(): string {
    return `${this.#listener.url}/realms/test`;
  }

  /** Goes away; `up` brings it back at the same address. */
  down(): Promise<void> {
    return this.#listener.stop();
  }

  up(): Promise<void> {
    return this.#listener.start();
  }

  /** A new key signs; the old one is published no more unless it is kept. */
  rotate({ keepOld = false } = {}): void {
    this.#keys = [newKey(), ...(keepOld ? this.#keys : [])];
  }

  /** A signed id token of somebody. `changes` replace claims (undefined removes one), `header` replaces what the head says. */
  token(person: Person, options: { readonly audience?: string | readonly string[]; readonly changes?: Readonly<Record<string, unknown>>; readonly header?: Readonly<Record<string, unknown>> } = {}): string {
    const now = Math.floor(Date.now() / 1000);
    const key = this.#keys[0];
    if (key === undefined) throw new Error('the issuer has no key');
    const claims = { iss: this.url, aud: options.audience ?? 'legion-cli', iat: now, exp: now + LIFETIME_SECONDS, ...person, ...options.changes };
    return sign(key, claims, { alg: 'RS256', typ: 'JWT', kid: key.kid, ...options.header });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.#listener.url);
    const path = url.pathname.replace('/realms/test', '');
    this.calls.push(`${request.method} ${path}`);
    const lie = this.instead.get(path);
    if (lie !== undefined) return void response.writeHead(lie.status, { 'content-type': 'application/json' }).end(lie.body);
    switch (`${request.method} ${path}`) {
      case 'GET /.well-known/openid-configuration':
        return json(response, 200, { issuer: this.url, authorization_endpoint: `${this.url}/authorize`, token_endpoint: `${this.url}/token`, jwks_uri: `${this.url}/keys`, response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'] });
      case 'GET /keys':
        return json(response, 200, { keys: this.#keys.map(({ kid, publicKey }) => ({ ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' })) });
      case 'GET /authorize':
        return this.#authorize(url.searchParams, response);
      case 'POST /token':
        return this.#giveTokens(new URLSearchParams(await text(request)), response);
      default:
        return json(response, 404, { error: 'not_found' });
    }
  }

  #authorize(query: URLSearchParams, response: ServerResponse): void {
    const [redirectUri, state] = [query.get('redirect_uri'), query.get('state')];
    if (this.loggedIn === undefined || redirectUri === null) return void response.writeHead(200, { 'content-type': 'text/html' }).end('<form>Who are you?</form>');
    const code = randomBytes(12).toString('hex');
    this.#codes.set(code, { redirectUri, clientId: query.get('client_id') ?? '' });
    const back = new URL(redirectUri);
    back.searchParams.set('code', code);
    if (state !== null) back.searchParams.set('state', state);
    response.writeHead(302, { location: back.href }).end();
  }

  #giveTokens(form: URLSearchParams, response: ServerResponse): void {
    const person = this.#personOf(form);
    if (person === undefined) return json(response, 400, { error: 'invalid_grant' });
    const clientId = form.get('client_id') ?? '';
    const refreshToken = randomBytes(12).toString('hex');
    this.#refreshTokens.set(refreshToken, { clientId, person });
    json(response, 200, { access_token: randomBytes(12).toString('hex'), token_type: 'Bearer', expires_in: LIFETIME_SECONDS, refresh_token: refreshToken, id_token: this.token(person, { audience: clientId }) });
  }

  #personOf(form: URLSearchParams): Person | undefined {
    const clientId = form.get('client_id') ?? '';
    switch (form.get('grant_type')) {
      case 'client_credentials': {
        const client = this.clients.get(clientId);
        return client !== undefined && client.secret === form.get('client_secret') ? client.person : undefined;
      }
      case 'refresh_token': {
        const given = this.#refreshTokens.get(form.get('refresh_token') ?? '');
        return given?.clientId === clientId ? given.person : undefined;
      }
      case 'authorization_code': {
        const code = this.#codes.get(form.get('code') ?? '');
        this.#codes.delete(form.get('code') ?? '');
        return code !== undefined && code.redirectUri === form.get('redirect_uri') && code.clientId === clientId ? this.loggedIn : undefined;
      }
      default:
        return undefined;
    }
  }
}

function newKey(): SigningKey {
  return { kid: randomUUID(), ...generateKeyPairSync('rsa', { modulusLength: 2048 }) };
}

function sign({ privateKey }: SigningKey, claims: object, header: Readonly<Record<string, unknown>>): string {
  const head = part(header);
  // ODAHU's client reads the claims as plain base64, in which there is no `-` and no `_`
  let body = part(claims);
  while (/[-_]/.test(body)) body = part({ ...claims, jti: randomUUID() });
  return `${head}.${body}.${createSign('RSA-SHA256').update(`${head}.${body}`).sign(privateKey, 'base64url')}`;
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
