import { text } from 'node:stream/consumers';
import { messageOf } from '@trainyard/core/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import type { OutboundAnswer, OutboundHttp } from '../../platform/outbound/outbound-http.ts';
import type { Envelope } from './envelopes.ts';

export interface IngestionOptions {
  readonly outbound: Pick<OutboundHttp, 'request'>;
  /** Without a trailing slash. */
  readonly url: string;
  readonly log: Logger;
}

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Characters of an answer that are worth a line of the log. */
const MAX_SAID = 200;
/** What is kept of an outage, the newest. */
const MAX_KEPT = 2_000;
/** Where Microsoft's ingestion may send us instead: a key of the global address belongs to a region. */
const REDIRECTS = ['.services.visualstudio.com', '.applicationinsights.azure.com', '.monitor.azure.com', '.applicationinsights.azure.us', '.monitor.azure.us', '.applicationinsights.azure.cn', '.monitor.azure.cn'];

/**
 * Where envelopes are sent. Never throws, keeps a bounded part of what an outage held up, and writes two lines about one into the
 * log: when it begins and when it is over.
 */
export class Ingestion {
  readonly #outbound: Pick<OutboundHttp, 'request'>;
  readonly #log: Logger;
  readonly #ended = new AbortController();
  #url: string;
  #kept: readonly Envelope[] = [];
  #isDown = false;

  constructor({ outbound, url, log }: IngestionOptions) {
    this.#outbound = outbound;
    this.#url = url;
    this.#log = log;
  }

  /** Answers whether they arrived. */
  async send(envelopes: readonly Envelope[]): Promise<boolean> {
    const all = [...this.#kept, ...envelopes];
    this.#kept = [];
    if (all.length === 0) return true;
    try {
      const problem = await this.#post(all, { mayFollow: true });
      if (problem?.again === true) this.#keep(all);
      this.#tell(problem?.text);
      return problem === undefined;
    } catch (error) {
      this.#keep(all);
      this.#tell(messageOf(error));
      return false;
    }
  }

  /** Breaks off what is under way; nothing is sent from now on. */
  end(): void {
    this.#ended.abort(new Error('the server stops'));
  }

  async #post(envelopes: readonly Envelope[], { mayFollow }: { readonly mayFollow: boolean }): Promise<{ readonly text: string; readonly again: boolean } | undefined> {
    this.#ended.signal.throwIfAborted();
    const answer = await this.#outbound.request({
      url: `${this.#url}/v2.1/track`,
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(envelopes),
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_ANSWER_BYTES,
      signal: this.#ended.signal,
    });
    const said = await text(answer.body);
    const { status } = answer;
    if (status === 307 || status === 308) return mayFollow && this.#moveTo(answer) ? this.#post(envelopes, { mayFollow: false }) : { text: `it sends us somewhere else (${status})`, again: false };
    if (status === 200) return undefined;
    // it took some and says why not the others: those would not be taken the next time either
    if (status === 206) return { text: `it took only a part: ${said.slice(0, MAX_SAID)}`, again: false };
    return { text: `it answered ${status}: ${said.slice(0, MAX_SAID)}`, again: status === 408 || status === 429 || status >= 500 };
  }

  #moveTo({ headers }: OutboundAnswer): boolean {
    const url = URL.parse(headers.location ?? '');
    if (url?.protocol !== 'https:' || !REDIRECTS.some((suffix) => url.hostname.endsWith(suffix))) return false;
    this.#url = url.origin;
    return true;
  }

  #keep(envelopes: readonly Envelope[]): void {
    this.#kept = [...this.#kept, ...envelopes].slice(-MAX_KEPT);
  }

  #tell(problem: string | undefined): void {
    if (problem !== undefined && !this.#isDown) this.#log.warn({ problem }, 'telemetry could not be sent');
    if (problem === undefined && this.#isDown) this.#log.info({}, 'telemetry is sent again');
    this.#isDown = problem !== undefined;
  }
}
