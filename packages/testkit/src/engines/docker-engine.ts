/**
 * A real Docker engine for tests: with its own data, in a network of its own, so that it touches neither the host's engine nor
 * the host's network. No image can be pulled in there; `docker-base.ts` makes one. It ends with the process that started it.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../run-program.ts';
import { waitFor } from '../wait-for.ts';
import { forward } from './forward.ts';

const START_DEADLINE_MS = 120_000;
const STOP_DEADLINE_MS = 60_000;
const FORWARD_PROGRAM = join(import.meta.dirname, 'forward-program.ts');

/** A network as the processes in it see it: that of the engine, or that of a container. */
export interface EngineNetwork {
  /** A port of this machine's loopback address that leads to one of the network's. Gone when the engine stops. */
  reach(insidePort: number): Promise<number>;
  /** Makes a port of this machine's loopback address the same port of the network's. Gone when the engine stops. */
  admit(port: number): Promise<void>;
}

export interface DockerEngine extends EngineNetwork {
  /** Runs the docker command line to its end and answers what it printed to stdout. Rejects with all it said when it fails. */
  docker(argv: readonly string[]): Promise<string>;
  /** The network of a running container. */
  networkOf(container: string): Promise<EngineNetwork>;
  /** Ends every container and the engine, and removes what they kept. */
  stop(): Promise<void>;
}

/** Why no engine can be started on this machine, and what would help; undefined when one can. */
export function dockerEngineProblem(): string | undefined {
  if (process.platform !== 'linux') return 'a Docker engine of its own needs Linux';
  if (process.getuid?.() !== 0) return 'a Docker engine of its own needs root';
  const missing = ['dockerd', 'docker', 'unshare', 'nsenter', 'setpriv', 'ip'].filter((program) => spawnSync('sh', ['-c', 'command -v "$0"', program]).status !== 0);
  if (missing.length > 0) return `${missing.join(', ')} must be installed (on Debian the packages docker.io, util-linux and iproute2)`;
  const { status, stderr } = spawnSync('unshare', ['--net', 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : `this machine allows no network of its own: ${stderr.trim()}`;
}

/** Starts one and waits until it answers. */
export async function startDockerEngine(): Promise<DockerEngine> {
  // short, because a socket in it may have 107 bytes
  const dir = mkdtempSync(join(tmpdir(), 'ty-docker-'));
  const engine = new LocalEngine(dir, launch(dir));
  try {
    await engine.ready();
    return engine;
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

class LocalEngine implements DockerEngine {
  readonly #dir: string;
  readonly #daemon: ChildProcess;
  readonly #undo: (() => Promise<unknown>)[] = [];
  #forwards = 0;

  constructor(dir: string, daemon: ChildProcess) {
    this.#dir = dir;
    this.#daemon = daemon;
  }

  async ready(): Promise<void> {
    await waitFor(
      'the Docker engine answers',
      async () => {
        if (hasEnded(this.#daemon)) throw new Error(`the Docker engine did not start:\n${readFileSync(join(this.#dir, 'log'), 'utf8').slice(-3000)}`);
        return this.docker(['version', '--format', '{{.Server.Version}}']).catch(() => undefined);
      },
      START_DEADLINE_MS,
    );
  }

  docker(argv: readonly string[]): Promise<string> {
    // DOCKER_CONFIG: nothing of the user's may change what is tested; BuildKit would be a program of its own
    return runProgram('docker', argv, { env: { DOCKER_HOST: `unix://${join(this.#dir, 'socket')}`, DOCKER_CONFIG: this.#dir, DOCKER_BUILDKIT: '0', DOCKER_CONTEXT: undefined }, missing: 'install the Debian package docker.io' });
  }

  async networkOf(container: string): Promise<EngineNetwork> {
    const pid = Number((await this.docker(['inspect', '--format', '{{.State.Pid}}', container])).trim());
    return { reach: (insidePort) => this.#reach(pid, insidePort), admit: (port) => this.#admit(pid, port) };
  }

  reach(insidePort: number): Promise<number> {
    return this.#reach(this.#daemon.pid ?? 0, insidePort);
  }

  admit(port: number): Promise<void> {
    return this.#admit(this.#daemon.pid ?? 0, port);
  }

  async stop(): Promise<void> {
    for (const undo of this.#undo.splice(0)) await undo();
    if (!hasEnded(this.#daemon)) {
      const ids = (await this.docker(['ps', '--quiet']).catch(() => '')).split('\n').filter((id) => id !== '');
      if (ids.length > 0) await this.docker(['kill', ...ids]).catch(() => undefined);
      await endChild(this.#daemon, 'SIGTERM');
    }
    // it leaves its network and its layers mounted, which would keep the directory busy
    const mounted = readFileSync('/proc/mounts', 'utf8').split('\n').map((line) => line.split(' ')[1] ?? '').filter((place) => place.startsWith(`${this.#dir}/`));
    for (const place of mounted.sort().reverse()) execFileSync('umount', [place]);
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }

  /** Two halves that meet in the file system, which both networks share: one in the network of that process, one here. */
  async #reach(pid: number, insidePort: number): Promise<number> {
    const socket = this.#socket();
    await this.#forwardInside(pid, socket, insidePort);
    const here = await forward(0, socket);
    this.#undo.push(() => here.close());
    return here.port;
  }

  async #admit(pid: number, port: number): Promise<void> {
    const socket = this.#socket();
    const here = await forward(socket, port);
    this.#undo.push(() => here.close());
    await this.#forwardInside(pid, port, socket);
  }

  async #forwardInside(pid: number, listen: string | number, connect: string | number): Promise<void> {
    const child = spawn('nsenter', ['--target', String(pid), '--net', '--', process.execPath, FORWARD_PROGRAM, String(listen), String(connect)], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#undo.push(() => endChild(child, 'SIGKILL'));
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (said += bytes.toString()));
    await waitFor('a forward stands', () => {
      if (hasEnded(child)) throw new Error(`the network of process ${pid} was not reached: ${said}`);
      return said.includes('forwards');
    });
  }

  #socket(): string {
    return join(this.#dir, `f${this.#forwards++}`);
  }
}

function launch(dir: string): ChildProcess {
  const engine = [
    'dockerd', '--host', `unix://${join(dir, 'socket')}`, '--data-root', join(dir, 'data'), '--exec-root', join(dir, 'exec'), '--pidfile', join(dir, 'pid'),
    // published ports by its proxy, no rules in the kernel; cgroups without systemd
    '--iptables=false', '--ip6tables=false', '--ip-masq=false', '--userland-proxy=true', '--exec-opt', 'native.cgroupdriver=cgroupfs',
  ];
  const log = openSync(join(dir, 'log'), 'w');
  try {
    // each of these becomes the next: the child we have is the engine itself, and it is told when we die
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', 'unshare', '--net', '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...engine], { stdio: ['ignore', log, log] });
    // told by not becoming ready
    child.once('error', () => undefined);
    return child;
  } finally {
    closeSync(log);
  }
}

async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  const tooLong = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await gone;
  clearTimeout(tooLong);
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
