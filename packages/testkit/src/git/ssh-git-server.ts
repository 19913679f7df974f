/** OpenSSH's server with a host key of its own; it lets in whoever runs the tests with one key, and gives what git asks it for. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type Service, type ServiceProgram, withService } from '../clouds/service.ts';
import { unpackedDebs } from './unpacked-debs.ts';

export interface SshGitServer {
  readonly port: number;
  /** The private key that is let in, and one that is not. */
  readonly key: string;
  readonly strangeKey: string;
  /** The key that is let in, behind the passphrase `opensesame`. */
  readonly lockedKey: string;
  /** Type and base64 of the host key, and its fingerprint as `ssh-keygen -l` tells it. */
  readonly hostKey: string;
  readonly fingerprint: string;
  /** Of a repository on this machine. */
  url(path: string): string;
  stop(): Promise<void>;
}

export async function startSshGitServer(): Promise<SshGitServer> {
  const home = await unpackedDebs('openssh-server', ['openssh-server', 'libwrap0']);
  const keys = new Map<string, string>();
  return withService(programOf(home, keys), (service) => Promise.resolve(serverOf(service, keys)));
}

function programOf(home: string, keys: Map<string, string>): ServiceProgram {
  return {
    name: 'sshd',
    command({ dir, port }) {
      makeUser();
      for (const name of ['host', 'client', 'strange']) keys.set(name, makeKey(join(dir, name)));
      execFileSync('cp', [join(dir, 'client'), join(dir, 'locked')]);
      execFileSync('ssh-keygen', ['-q', '-p', '-N', 'opensesame', '-f', join(dir, 'locked')]);
      keys.set('locked', readFileSync(join(dir, 'locked'), 'utf8'));
      keys.set('fingerprint', execFileSync('ssh-keygen', ['-l', '-f', join(dir, 'host')], { encoding: 'utf8' }).split(' ')[1] ?? '');
      keys.set('hostKey', readFileSync(join(dir, 'host.pub'), 'utf8').split(' ').slice(0, 2).join(' '));
      writeFileSync(join(dir, 'sshd_config'), configOf(home, dir, port));
      return { program: join(home, 'usr/sbin/sshd'), argv: ['-D', '-e', '-f', join(dir, 'sshd_config')], env: { LD_LIBRARY_PATH: libraries(home) } };
    },
    isReady: (url) => greets(Number(new URL(url).port)),
  };
}

function serverOf({ port, stop }: Service, keys: ReadonlyMap<string, string>): SshGitServer {
  const of = (name: string): string => keys.get(name) ?? '';
  return { port, key: of('client'), strangeKey: of('strange'), lockedKey: of('locked'), hostKey: of('hostKey'), fingerprint: of('fingerprint'), url: (path) => `ssh://${userInfo().username}@127.0.0.1:${port}${path}`, stop };
}

function makeKey(path: string): string {
  if (!existsSync(path)) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'trainyard', '-f', path]);
  return readFileSync(path, 'utf8');
}

function configOf(home: string, dir: string, port: number): string {
  // newer servers are of two programs
  const session = join(home, 'usr/lib/openssh/sshd-session');
  const lines = [
    `ListenAddress 127.0.0.1:${port}`, `HostKey ${join(dir, 'host')}`, `AuthorizedKeysFile ${join(dir, 'client.pub')}`, 'PidFile none', 'UsePAM no', 'StrictModes no',
    'PasswordAuthentication no', 'KbdInteractiveAuthentication no', 'PermitRootLogin prohibit-password', 'AllowTcpForwarding no', 'MaxStartups 100',
    ...(existsSync(session) ? [`SshdSessionPath ${session}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** A server that runs as root wants a user and a directory for its unprivileged half. */
function makeUser(): void {
  if (userInfo().uid !== 0) return;
  if (!/^sshd:/m.test(readFileSync('/etc/passwd', 'utf8'))) execFileSync('useradd', ['--system', '--home-dir', '/run/sshd', '--shell', '/usr/sbin/nologin', 'sshd']);
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
}

function libraries(home: string): string {
  const lib = join(home, 'usr/lib');
  return readdirSync(lib).filter((name) => name.endsWith('-linux-gnu')).map((name) => join(lib, name)).join(':');
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', (bytes) => {
      socket.destroy();
      resolve(bytes.toString().startsWith('SSH-'));
    });
    socket.once('error', () => resolve(false));
  });
}
