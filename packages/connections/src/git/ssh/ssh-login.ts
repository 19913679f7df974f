import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import type { ConnectionContext } from '../../connection.ts';
import { addressOf } from '../../look-up.ts';
import type { SshUrl } from '../git-url.ts';
import { fingerprints, hostKeys, knownAs } from './host-keys.ts';
import { readablePrivateKey } from './private-key.ts';

export interface SshLogin {
  /** Private; holds the key while git runs, and is to be removed afterwards. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  /** Lines of known_hosts, when the connection had pinned none. */
  readonly publicKey: string | undefined;
}

/**
 * Everything ssh needs of a connection, in files and not in arguments. Only the connection's own key is offered, and only to
 * its own host; the settings and keys of the machine's user count with `credentials: ambient` alone.
 */
export async function sshLogin(url: SshUrl, spec: ConnectionSpec, context: ConnectionContext): Promise<SshLogin> {
  const key = (spec.keySecret ?? '') === '' ? undefined : readablePrivateKey(spec.keySecret ?? '');
  const known = await hostKeys(url, spec.publicKey, context);
  const address = await addressOf(url.host, context);
  const dir = await mkdtemp(join(context.env['TMPDIR'] ?? tmpdir(), 'trainyard-ssh-'));
  const config = configText({ url, dir, address, hasKey: key !== undefined, ambient: spec.credentials === 'ambient' });
  await writeAll(dir, { known_hosts: `${known.lines.join('\n')}\n`, config, ...(key === undefined ? {} : { key }) });
  return {
    dir,
    env: { GIT_SSH_COMMAND: `ssh -F ${shellQuoted(join(dir, 'config'))}`, GIT_SSH_VARIANT: 'ssh' },
    notes: known.discovered ? [`the host key of ${knownAs(url)} is not pinned, and what it showed was taken: ${fingerprints(known.lines).join(', ')}; check it and keep it as publicKey of the connection`] : [],
    publicKey: known.discovered ? known.lines.join('\n') : undefined,
  };
}

async function writeAll(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

interface Wanted {
  readonly url: SshUrl;
  readonly dir: string;
  readonly address: string | undefined;
  readonly hasKey: boolean;
  readonly ambient: boolean;
}

/** ssh takes the first value it meets. */
function configText({ url, dir, address, hasKey, ambient }: Wanted): string {
  const file = (name: string): string => configQuoted(join(dir, name));
  const own = [`Host ${url.host}`, ...(hasKey ? [`IdentityFile ${file('key')}`] : []), ...(address === undefined ? [] : [`HostName ${address}`, `HostKeyAlias ${knownAs(url)}`])];
  const all = [
    'Host *',
    `UserKnownHostsFile ${file('known_hosts')}`, 'GlobalKnownHostsFile /dev/null', 'StrictHostKeyChecking yes', 'UpdateHostKeys no', 'VerifyHostKeyDNS no',
    'BatchMode yes', 'ForwardAgent no', 'ForwardX11 no', 'ClearAllForwardings yes', 'PermitLocalCommand no', 'ControlMaster no', 'ControlPath none',
    'ConnectTimeout 30', 'ServerAliveInterval 15', 'ServerAliveCountMax 4', 'LogLevel ERROR',
  ];
  const lonely = ['PreferredAuthentications publickey', 'IdentitiesOnly yes', 'IdentityAgent none', 'ProxyCommand none', ...(hasKey ? [] : ['IdentityFile none'])];
  // a Host block ends where the next begins, an included file is read as if it stood here
  return `${[...own, ...all, ...(ambient ? ['Match all', 'Include ~/.ssh/config', 'Include /etc/ssh/ssh_config'] : lonely)].join('\n')}\n`;
}

/** ssh reads `%` as the start of a token. */
function configQuoted(path: string): string {
  return `"${path.replaceAll('%', '%%').replaceAll('"', '\\"')}"`;
}

/** git gives the command to a shell. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
