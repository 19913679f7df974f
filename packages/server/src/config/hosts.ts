import { hostname } from 'node:os';

/** Names this server may be called by: its own, and those the administrator added. */
export function hostsOf({ host, allowedHosts }: { readonly host: string; readonly allowedHosts: readonly string[] }): ReadonlySet<string> {
  const own = host === '0.0.0.0' || host === '::' ? [hostname().toLowerCase()] : [];
  return new Set(['127.0.0.1', 'localhost', '::1', host.toLowerCase(), ...own, ...allowedHosts.map((name) => name.toLowerCase())]);
}
