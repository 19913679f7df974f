import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf, TrainyardError } from '@trainyard/core/errors.ts';
import type { Io } from '../io.ts';

/** A server on this machine that a command has for itself. */
export interface LocalServer {
  readonly url: string;
  readonly token: string | undefined;
  close(): Promise<void>;
}

const READY_MS = 120_000;
const STOP_MS = 30_000;
const POLL_MS = 50;
const WORDS_BYTES = 8_000;
/** Where another server listens and keeps its data, and who may call it. The other settings are as good for this one. */
const OF_ANOTHER_SERVER = new Set(['TRAINYARD_HOST', 'TRAINYARD_PORT', 'TRAINYARD_DATA_DIR', 'TRAINYARD_DATABASE_URL', 'TRAINYARD_TOKEN', 'TRAINYARD_AUTH', 'TRAINYARD_RUNNER_URL', 'TRAINYARD_URL', 'TRAINYARD_LOCAL_DIR', 'PORT']);

/** In TRAINYARD_LOCAL_DIR, or ~/.trainyard/local: kept, so that environments are built once and earlier runs can be looked at. `program` is the file of this program. Throws LOCAL_SERVER_FAILED. */
export async function openLocalServer(io: Io, program: string): Promise<LocalServer> {
  const dir = localDir(io);
  const failed = (problem: string, cause?: unknown): TrainyardError => new TrainyardError('LOCAL_SERVER_FAILED', { problem, dir }, { cause });
  await mkdir(dir, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw failed(messageOf(error), error);
  });
  const child = startServer(io, { dir, program });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-WORDS_BYTES)));
  let gone: string | undefined;
  child.once('error', (error) => (gone = error.message));
  child.once('close', () => (gone ??= words.trim()));
  try {
    for (const deadline = Date.now() + READY_MS; Date.now() < deadline; await pause()) {
      io.interrupted.throwIfAborted();
      if (gone !== undefined) throw failed(gone);
      // the file may be an earlier server's: it counts when this one has told the address in it
      const handover = words.includes('Trainyard is ready at ') ? await readHandover(dir) : undefined;
      if (handover !== undefined && words.includes(handover.url)) return { ...handover, close: () => end(child) };
    }
    throw failed(`it was not ready within ${READY_MS / 1000} s: ${words.trim()}`);
  } catch (error) {
    await end(child);
    throw error;
  }
}

function localDir({ env, cwd, home }: Pick<Io, 'env' | 'cwd' | 'home'>): string {
  const named = env['TRAINYARD_LOCAL_DIR'];
  return named === undefined || named === '' ? join(home, '.trainyard', 'local') : resolve(cwd, named);
}

function startServer(io: Io, { dir, program }: { readonly dir: string; readonly program: string }): ChildProcess {
  const given = Object.entries(io.env).filter(([name]) => !OF_ANOTHER_SERVER.has(name) && !name.startsWith('DATABRICKS_'));
  // its input is never written to: it ends with this process, and the server with it, however this process ends
  const env = { TRAINYARD_LOG_LEVEL: 'warn', ...Object.fromEntries(given), TRAINYARD_ENDS_WITH_INPUT: '1' };
  const argv = [program, 'up', '--host', '127.0.0.1', '--port', '0', '--data-dir', dir];
  // its own directory: a .env of the user's is for another server. A group of its own: Ctrl-C is for the command, which then ends the runs and the server in this order
  return spawn(process.execPath, argv, { cwd: dir, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
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
    // not there yet, or being written
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function pause(): Promise<void> {
  return new Promise((done) => void setTimeout(done, POLL_MS));
}
