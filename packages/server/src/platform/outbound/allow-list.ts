/** Decides whether an address may be called: public ones always, others only when an administrator said so. */
import { isIP, isIPv4 } from 'node:net';
import { blockList, plainAddress, reachOf } from './addresses.ts';

const NAME = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;

/**
 * Entries are host names (`hooks.example.org`), addresses (`10.1.2.3`, `fd12::1`) and ranges (`10.1.0.0/16`). Laws:
 *  1. A name lifts the refusal of private addresses for calls to that very name, not to names below it.
 *  2. A name never lifts the refusal of special addresses (link-local, metadata, multicast): only a range that holds them does.
 *  3. A range allows every address in it, whatever the name.
 */
export class AllowList {
  readonly #names: ReadonlySet<string>;
  readonly #ranges: ReturnType<typeof blockList>;

  /** Entries were checked with `isAllowEntry`. */
  constructor(entries: readonly string[]) {
    const ranges = entries.map(rangeOf).filter((range) => range !== undefined);
    this.#ranges = blockList(ranges);
    this.#names = new Set(entries.filter((entry) => rangeOf(entry) === undefined).map((entry) => entry.toLowerCase()));
  }

  /** `host` is the name or address the call was meant for, as a URL has it; `address` what it leads to. */
  allows(host: string, address: string): boolean {
    const reach = reachOf(address);
    return reach === 'public' || this.#inRange(address) || (reach === 'private' && this.#names.has(plainName(host)));
  }

  /** Whether an administrator has named this host, or a range around it when it is an address. */
  names(host: string): boolean {
    const name = plainName(host);
    return this.#names.has(name) || (isIP(name) !== 0 && this.#inRange(name));
  }

  #inRange(text: string): boolean {
    const { address, family } = plainAddress(text);
    return this.#ranges.check(address, family === 4 ? 'ipv4' : 'ipv6');
  }
}

/** Whether a text is a host name, an address or a range. */
export function isAllowEntry(text: string): boolean {
  return rangeOf(text) !== undefined || (NAME.test(text) && !/^[\d.]+$/.test(text));
}

/** The host of a URL without brackets and without the dot that ends a full name. */
export function plainName(host: string): string {
  return host.toLowerCase().replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

function rangeOf(entry: string): string | undefined {
  const [net = '', bits, ...more] = entry.replace(/^\[(.*)\]$/, '$1').split('/');
  if (isIP(net) === 0 || net.includes('%') || more.length > 0) return undefined;
  const most = isIPv4(net) ? 32 : 128;
  if (bits === undefined) return `${net}/${most}`;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= most ? `${net}/${bits}` : undefined;
}
