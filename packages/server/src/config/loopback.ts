import { plainName } from '../platform/outbound/allow-list.ts';

/** Only programs of this machine reach it. `host` is a name or an address, or the host of a URL as it stands there. */
export function isLoopback(host: string): boolean {
  const name = plainName(host);
  return name === 'localhost' || name === '::1' || /^127\.\d+\.\d+\.\d+$/.test(name);
}
