/** The one way out: every HTTP call to an address that a user chose or another service named goes through here. */
import { type ClientRequest, Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { pipeline, type Readable, Transform } from 'node:stream';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { type Address, plainAddress } from './addresses.ts';
import { type AllowList, plainName } from './allow-list.ts';
import { CallClock } from './call-clock.ts';
import { problemOf } from './call-problem.ts';
import { resolveHost, type ResolveHost } from './resolve-host.ts';

export interface OutboundCall {
  readonly url: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is sent as it comes and is destroyed when the call ends early. */
  readonly body?: string | Uint8Array | Readable;
  /** From the call to the last byte of the answer's body. */
  readonly timeoutMs: number;
  /** Until the connection stands, name and TLS included; 10 s when absent. */
  readonly connectTimeoutMs?: number;
  /** Of the answer's body. */
  readonly maxBytes: number;
  /** Ends the call, also while the body is read; `request` then rejects with its reason. */
  readonly signal?: AbortSignal;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Read it to its end or destroy it. What goes wrong while it is read is OUTBOUND_BROKEN. */
  readonly body: Readable;
}

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Laws:
 *  1. http and https only; a URL with credentials is refused. TLS is always verified, against the name in the URL.
 *  2. The name is resolved once, all its addresses are checked, and the connection goes to one of those: a name that changes
 *     its mind in between gains nothing. One address that may not be called refuses the whole call. See `AllowList`.
 *  3. A redirect is an answer like any other. Nothing is ever followed; who follows one makes another call, which is checked anew.
 *  4. No proxy, no cookie, no kept connection, no other surrounding of the process changes where a call goes.
 *  5. After `timeoutMs`, or when the signal is aborted, nothing of the call is left. A body over `maxBytes` breaks it off.
 *  6. Three codes: OUTBOUND_REFUSED (not allowed; nothing was sent), OUTBOUND_UNREACHABLE (no connection; nothing was sent),
 *     OUTBOUND_BROKEN (sent, maybe acted upon, but no whole answer). They name the host, never a path, header, body or address.
 */
export class OutboundHttp {
  readonly #allow: AllowList;
  readonly #resolve: ResolveHost;

  constructor({ allow, resolve = resolveHost }: { readonly allow: AllowList; readonly resolve?: ResolveHost }) {
    this.#allow = allow;
    this.#resolve = resolve;
  }

  /** Resolves when the head of the answer is there, whatever its status. */
  async request(call: OutboundCall): Promise<OutboundAnswer> {
    const url = parseUrl(call.url);
    const clock = new CallClock({ host: url.host, timeoutMs: call.timeoutMs, connectTimeoutMs: call.connectTimeoutMs ?? CONNECT_TIMEOUT_MS, signal: call.signal });
    try {
      const addresses = await clock.race(this.#addressesOf(url));
      return await send(call, { url, addresses, clock });
    } catch (error) {
      clock.stop();
      throw error;
    }
  }

  /** Whether a call to this URL would be let out now. Throws OUTBOUND_REFUSED, and OUTBOUND_UNREACHABLE for a name nobody knows. */
  async check(text: string): Promise<void> {
    const url = parseUrl(text);
    const clock = new CallClock({ host: url.host, timeoutMs: CONNECT_TIMEOUT_MS, connectTimeoutMs: CONNECT_TIMEOUT_MS, signal: undefined });
    try {
      await clock.race(this.#addressesOf(url));
    } finally {
      clock.stop();
    }
  }

  /** Whether an administrator has named this host of a URL. */
  isNamed(host: string): boolean {
    return this.#allow.names(host);
  }

  async #addressesOf(url: URL): Promise<readonly Address[]> {
    const name = plainName(url.hostname);
    const addresses = isIP(name) === 0 ? await this.#lookUp(url) : [plainAddress(name)];
    if (addresses.some(({ address }) => !this.#allow.allows(name, address))) throw refuse(url.host, 'it is not an address of the public Internet');
    return addresses;
  }

  async #lookUp(url: URL): Promise<readonly Address[]> {
    const found = await this.#resolve(url.hostname).catch((error: unknown) => {
      throw new TrainyardError('OUTBOUND_UNREACHABLE', { host: url.host, problem: problemOf(error) }, { cause: error });
    });
    if (found.length === 0) throw new TrainyardError('OUTBOUND_UNREACHABLE', { host: url.host, problem: 'its name has no address' });
    return found;
  }
}

interface Route {
  readonly url: URL;
  readonly addresses: readonly Address[];
  readonly clock: CallClock;
}

function send(call: OutboundCall, route: Route): Promise<OutboundAnswer> {
  const { url, clock } = route;
  return new Promise<OutboundAnswer>((resolve, reject) => {
    const request = open(call, route);
    clock.onEnd((reason) => request.destroy(reason));
    request.once('socket', (socket) => socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => clock.connected()));
    // stays for the errors that come after the first; nobody else listens
    request.on('error', (error) => reject(clock.errorFor(error)));
    request.once('close', () => reject(clock.errorFor({ code: 'ECONNRESET' })));
    request.once('response', (response) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: limited(response, call.maxBytes, clock) }));
    const { body } = call;
    if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) request.end(body);
    else pipeline(body, request, (error) => (error ? request.destroy(error) : undefined));
  });
}

function open(call: OutboundCall, { url, addresses }: Route): ClientRequest {
  const secure = url.protocol === 'https:';
  const options = {
    method: call.method,
    headers: { ...call.headers },
    lookup: answerWith(addresses),
    // an agent of its own: the global one may keep connections and may be told to use a proxy
    agent: secure ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false }),
  };
  // said here, so that no environment variable turns it off
  return secure ? httpsRequest(url, { ...options, rejectUnauthorized: true }) : httpRequest(url, options);
}

/** The addresses that were checked, whatever name is asked for. */
function answerWith(addresses: readonly Address[]): LookupFunction {
  return (_name, options, callback) => {
    const [first] = addresses;
    // a look-up answers later than it is asked
    process.nextTick(() => (options.all === true ? callback(null, [...addresses]) : callback(null, first?.address ?? '', first?.family)));
  };
}

/** The body of an answer, counted. */
function limited(response: IncomingMessage, maxBytes: number, clock: CallClock): Readable {
  let sizeBytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) done(clock.broken(`its answer is larger than ${maxBytes} bytes`));
      else done(null, chunk);
    },
  });
  // read through this, an error reaches the reader; a reader that has gone must not end the process
  counter.on('error', () => undefined);
  clock.onEnd((reason) => counter.destroy(reason));
  response.once('error', (error) => counter.destroy(clock.errorFor(error)));
  pipeline(response, counter, () => clock.stop());
  return counter;
}

function parseUrl(text: string): URL {
  if (!URL.canParse(text)) throw refuse('this address', 'it is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse(url.host === '' ? 'this address' : url.host, `'${url.protocol.slice(0, -1)}' is neither http nor https`);
  if (url.username !== '' || url.password !== '') throw refuse(url.host, 'its URL has credentials in it');
  return url;
}

function refuse(host: string, problem: string): TrainyardError {
  return new TrainyardError('OUTBOUND_REFUSED', { host, problem });
}
