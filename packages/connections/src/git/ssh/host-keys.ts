import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { type ConnectionContext, ConnectionError } from '../../connection.ts';
import { addressOf } from '../../look-up.ts';
import type { SshUrl } from '../git-url.ts';
import { runProgram } from '../run-program.ts';

export interface HostKeys {
  /** Lines of known_hosts under which ssh finds the host. */
  readonly lines: readonly string[];
  /** They were not pinned: this is what the host shows now. */
  readonly discovered: boolean;
}

const SSH_PORT = 22;
const SCAN_SECONDS = 6;
const KEY_TYPE = /^(ssh-|ecdsa-|sk-)/;

/** What ssh calls the host in known_hosts. */
export function knownAs({ host, port }: Pick<SshUrl, 'host' | 'port'>): string {
  return port === SSH_PORT ? host : `[${host}]:${port}`;
}

/** The keys the connection has pinned; what the host shows when it has pinned none. */
export async function hostKeys(url: SshUrl, publicKey: string | undefined, context: ConnectionContext): Promise<HostKeys> {
  const pinned = (publicKey ?? '').split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  if (pinned.length === 0) return { lines: await scan(url, context), discovered: true };
  const lines = pinned.flatMap((line) => [KEY_TYPE.test(line) ? `${knownAs(url)} ${line}` : line, ...portless(url, line)]);
  return { lines, discovered: false };
}

/** `ED25519 SHA256:…` of every key, as `ssh-keygen -l` writes it. */
export function fingerprints(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const [, type, key] = /(?:^|\s)((?:ssh|ecdsa|sk)-\S+)\s+([A-Za-z0-9+/=]+)/.exec(line) ?? [];
    return type === undefined || key === undefined ? [] : [`${shortType(type)} SHA256:${createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')}`];
  });
}

function shortType(type: string): string {
  return /ed25519|ecdsa|rsa|dss/.exec(type)?.[0].toUpperCase() ?? type;
}

/** A key that was pinned by the name alone, as ssh-keyscan does for port 22, holds for another port as well: ssh does so, too. */
function portless(url: SshUrl, line: string): string[] {
  const [name, ...key] = line.split(/\s+/);
  return url.port !== SSH_PORT && name?.split(',').includes(url.host) === true ? [`${knownAs(url)} ${key.join(' ')}`] : [];
}

async function scan(url: SshUrl, context: ConnectionContext): Promise<string[]> {
  const asked = (await addressOf(url.host, context)) ?? url.host;
  const family = isIP(asked) === 6 ? ['-6'] : [];
  const end = await runProgram('ssh-keyscan', [...family, '-T', String(SCAN_SECONDS), '-p', String(url.port), '--', asked], context);
  // what it calls the host is the address it was asked for
  const lines = end.stdout.split('\n').flatMap((line) => (/^[^#\s]+ (.+)$/.exec(line)?.[1] ?? []));
  if (lines.length > 0) return [...new Set(lines.map((key) => `${knownAs(url)} ${key}`))].toSorted();
  throw new ConnectionError('unreachable', `${knownAs(url)} shows no SSH host key: check host and port of the uri, and the firewall between it and this machine`);
}
