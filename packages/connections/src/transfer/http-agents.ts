import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP, type LookupFunction, Socket } from 'node:net';
import { type ConnectionContext, ConnectionError } from '../connection.ts';

const MAX_SOCKETS = 64;
/** What the machine's own resolver says about names that it does not find. */
const NOT_RESOLVED = /^(ENOTFOUND|EAI_\w+|E(NODATA|SERVFAIL|TIMEOUT|REFUSED|CONNREFUSED|AI_AGAIN))$/;

/** The connections of one call: through the given look-up, or through the machine's proxies when there is none. */
export class HttpAgents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  readonly #refusal = new AbortController();

  constructor({ lookup, env }: Pick<ConnectionContext, 'lookup' | 'env'>) {
    // a proxy would look names up by itself, past the look-up that may refuse them
    const way: Pick<AgentOptions, 'lookup' | 'proxyEnv'> = lookup === undefined ? { proxyEnv: env } : { lookup: this.#watched(lookup) };
    const options: AgentOptions = { keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: MAX_SOCKETS, ...way };
    this.http = new HttpAgent(options);
    this.https = new HttpsAgent(options);
    if (way.lookup === undefined) return;
    askAboutAddresses(this.http, way.lookup);
    askAboutAddresses(this.https, way.lookup);
  }

  /** Aborted, with a ConnectionError for a reason, when the look-up refuses a host: libraries wrap or repeat what it throws. */
  get refused(): AbortSignal {
    return this.#refusal.signal;
  }

  of(url: URL): HttpAgent {
    return url.protocol === 'https:' ? this.https : this.http;
  }

  close(): void {
    this.http.destroy();
    this.https.destroy();
  }

  #watched(lookup: LookupFunction): LookupFunction {
    return (host, options, callback) => {
      lookup(host, options, (error, ...found) => {
        if (error !== null && !NOT_RESOLVED.test(error.code ?? '')) this.#refusal.abort(error instanceof ConnectionError ? error : new ConnectionError('refused', `'${host}' may not be called from here: ${error.message}`));
        callback(error, ...found);
      });
    };
  }
}

/** Node looks no host up that is an address already, and calls it. */
function askAboutAddresses(agent: HttpAgent, lookup: LookupFunction): void {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const host = options.host ?? '';
    if (isIP(host) === 0) return connect(options, callback);
    lookup(host, { family: isIP(host) }, (error) => {
      if (error !== null) callback?.(error, new Socket());
      else callback?.(null, connect(options) as Socket);
    });
    return undefined;
  };
}
