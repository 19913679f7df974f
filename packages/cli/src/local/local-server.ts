import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Io } from '../io.ts';

/** A server on this machine that a command has for itself. */
export interface LocalServer {
  readonly url: string;
  readonly token: string | undefined;
  /** Ends it, if this command has started it. */
  close(): Promise<void>;
}

const READY_MS = 120_000;
const STOP_MS = 30_000;
const POLL_MS = 50;
const WORDS_BYTES = 8_000;

/** `TRAINYARD_LOCAL_DIR`, or `~/.trainyard/local`: kept, so that environments are built once and earlier runs can be looked at. */
function localDir({ env, cwd, home }: Pick<Io, 'env' | 'cwd' | 'home'>): string {
  const named = env['TRAINYARD_LOCAL_DIR'];
  return named === undefined || named === '' ? join(home, '.trainyard', 'local') : resolve(cwd, named);
}

/** The server of another `trainyard local` that still runs, or one that is started now. `program` is the file of this program. */
export async function openLocalServer(io: Io, program: string): Promise<LocalServer> {
  const dir = localDir(io);
  const running = await readHandover(dir);
  if (running !== undefined && (await answers(running.url))) return { ...running, close: async () => undefined };
  return startServer(io, { dir, program });
}

async function startServer(io: Io, { dir, program }: { readonly dir: string; readonly program: string }): Promise<LocalServer> {
  const env = { ...withoutServerSettings(io.env), TRAINYARD_LOG_LEVEL: io.env['TRAINYARD_LOG_LEVEL'] ?? 'warn' };
  // a group of its own: Ctrl-C is for the command, which then ends the runs and the server in this order
  const child = spawn(process.execPath, [program, 'up', '--host', '127.0.0.1', '--port', '0', '--data-dir', dir], { cwd: io.cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-WORDS_BYTES)));
  const gone = new AbortController();
  child.once('error', () => gone.abort());
  child.once('exit', () => gone.abort());
  const deadline = Date.now() + READY_MS;
  try {
    while (!words.includes('Trainyard is ready at ')) {
      io.interrupted.throwIfAborted();
      if (gone.signal.aborted || Date.now() > deadline) throw new TrainyardError('USAGE', { problem: `the server for this command did not start:\n${words.trim()}`, advice: `look at what it said, or name another directory with TRAINYARD_LOCAL_DIR (now ${dir})` });
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
    // it tells its address before it has written the file
    for (let handover = await readHandover(dir); Date.now() < deadline; handover = await readHandover(dir)) {
      if (handover !== undefined && words.includes(handover.url)) return { ...handover, close: () => end(child) };
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
    throw new TrainyardError('SERVER_UNREACHABLE', { url: dir });
  } catch (error) {
    await end(child);
    throw error;
  }
}

/** Settings of another server must not reach this one; what trainings need of the machine must. */
function withoutServerSettings(env: Io['env']): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined || name.startsWith('TRAINYARD_') || name.startsWith('DATABRICKS_') || name === 'PORT' ? [] : [[name, value]])));
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(timer);
}

async function readHandover(dir: string): Promise<{ readonly url: string; readonly token: string | undefined } | undefined> {
  try {
    const { url, token } = JSON.parse(await readFile(join(dir, 'cli.json'), 'utf8')) as { url: string; token?: string };
    return { url, token };
  } catch (error) {
    // not there, or being written
    if (error instanceof SyntaxError || ['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code))) return undefined;
    throw error;
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/api/v1/health`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    // a server that was killed left its file behind
    return false;
  }
}
