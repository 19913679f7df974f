import { type AnswerOf, type CallOf, Client } from '@trainyard/api/client.ts';
import type { RouteName } from '@trainyard/api/routes.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Address } from './address.ts';
import type { Pace } from './pace.ts';

type Found = { readonly items: readonly unknown[]; readonly nextCursor?: string | undefined };
const PAGE = 500;

/** A server and the rules for calling it: a deadline on every call, an end to all of them on Ctrl-C. */
export class Connection {
  readonly address: Address;
  readonly pace: Pace;
  readonly #client: Client;
  readonly #interrupted: AbortSignal;

  constructor(address: Address, { pace, interrupted }: { readonly pace: Pace; readonly interrupted: AbortSignal }) {
    this.address = address;
    this.pace = pace;
    this.#interrupted = interrupted;
    this.#client = new Client({ url: address.url, token: address.token });
  }

  get url(): string {
    return this.#client.url;
  }

  /** An ordinary call; one that takes longer than the pace allows counts as SERVER_UNREACHABLE. */
  async call<N extends RouteName>(name: N, call: CallOf<N>): Promise<AnswerOf<N>> {
    const deadline = AbortSignal.timeout(this.pace.callMs);
    try {
      return await this.#client.call(name, { ...call, signal: this.#any(call.signal, deadline) });
    } catch (error) {
      if (deadline.aborted && !this.#interrupted.aborted && call.signal?.aborted !== true) throw new TrainyardError('SERVER_UNREACHABLE', { url: this.url, problem: `it did not answer within ${this.pace.callMs / 1000} s` }, { cause: error });
      throw error;
    }
  }

  /** A call that may take as long as it takes: an upload, a download, a stream. Its end is Ctrl-C or the call's own signal. */
  async open<N extends RouteName>(name: N, call: CallOf<N>): Promise<AnswerOf<N>> {
    return await this.#client.call(name, { ...call, signal: this.#any(call.signal) });
  }

  /** The first `limit` items of a list and whether there are more, through as many pages as that takes. */
  async list<Item>(limit: number, ask: (page: { limit: number; cursor?: string }) => Promise<Found>): Promise<{ items: Item[]; more: boolean }> {
    const items: Item[] = [];
    let cursor: string | undefined;
    do {
      const page = await ask({ limit: Math.min(limit - items.length, PAGE), ...(cursor === undefined ? {} : { cursor }) });
      items.push(...(page.items as Item[]));
      cursor = page.nextCursor;
    } while (cursor !== undefined && items.length < limit);
    return { items: items.slice(0, limit), more: cursor !== undefined };
  }

  #any(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
    return AbortSignal.any([this.#interrupted, ...signals.filter((signal) => signal !== undefined)]);
  }
}
