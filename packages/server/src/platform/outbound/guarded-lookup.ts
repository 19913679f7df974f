/** Looks names up for programs and libraries that make their own connections, and refuses addresses that may not be called. */
import { isIP, type LookupFunction } from 'node:net';
import { isTrainyardError, TrainyardError } from '@trainyard/core/errors.ts';
import { type Address, plainAddress } from './addresses.ts';
import { type AllowList, plainName } from './allow-list.ts';
import { problemOf } from './call-problem.ts';
import { resolveHost, type ResolveHost } from './resolve-host.ts';

/**
 * Laws: those of OutboundHttp about names (one address that may not be called refuses them all). What it answered is to be
 * called: asked again, a name may answer otherwise. Node asks only about names: hosts that are addresses are for `check`.
 */
export class GuardedLookup {
  readonly #allow: AllowList;
  readonly #resolve: ResolveHost;

  constructor({ allow, resolve = resolveHost }: { readonly allow: AllowList; readonly resolve?: ResolveHost }) {
    this.#allow = allow;
    this.#resolve = resolve;
  }

  /** In place of `dns.lookup`: fails with OUTBOUND_REFUSED, or as that fails. */
  readonly lookup: LookupFunction = (name, options, callback) => {
    // outside of the promise: what the caller throws is not for us
    const answer = (...result: Parameters<typeof callback>): void => process.nextTick(() => callback(...result));
    this.#addressesOf(name).then(
      (found) => {
        const wanted = options.family === 4 || options.family === 6 ? found.filter(({ family }) => family === options.family) : found;
        const [first] = wanted;
        if (first === undefined) answer(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }), '');
        else if (options.all === true) answer(null, [...wanted]);
        else answer(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => answer(error, ''),
    );
  };

  /** Whether connections to a host, a name or an address, would be let out now. Throws OUTBOUND_REFUSED, OUTBOUND_UNREACHABLE. */
  async check(host: string): Promise<void> {
    try {
      await this.#addressesOf(host);
    } catch (error) {
      throw isTrainyardError(error) ? error : new TrainyardError('OUTBOUND_UNREACHABLE', { host, problem: problemOf(error) }, { cause: error });
    }
  }

  async #addressesOf(host: string): Promise<readonly Address[]> {
    const name = plainName(host);
    const found = isIP(name) === 0 ? await this.#resolve(name) : [plainAddress(name)];
    if (found.some(({ address }) => !this.#allow.allows(name, address))) throw new TrainyardError('OUTBOUND_REFUSED', { host, problem: 'it is not an address of the public Internet' });
    return found;
  }
}
