import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../loopback/free-port.ts';

const DEADLINE_MS = 120_000;

/** How a program is started that serves at a port of loopback and keeps what it keeps in a directory. */
export interface ServiceProgram {
  readonly name: string;
  command(at: { readonly dir: string; readonly port: number }): { readonly program: string; readonly argv: readonly string[]; readonly env?: Readonly<Record<string, string>> };
  /** Told by an answer that only this service gives. */
  isReady(url: string): Promise<boolean>;
}

export interface Service {
  readonly port: number;
  /** Ends it and removes its directory. */
  stop(): Promise<void>;
}

/** What is made of a service; when that fails, the service does not stay behind. */
export async function withService<T>(program: ServiceProgram, use: (service: Service) => Promise<T>): Promise<T> {
  const service = await startService(program);
  try {
    return await use(service);
  } catch (error) {
    await service.stop();
    throw error;
  }
}

/** Starts it in a directory of its own and waits until it answers. */
async function startService(program: ServiceProgram): Promise<Service> {
  const dir = mkdtempSync(join(tmpdir(), `trainyard-${program.name}-`));
  let words = '';
  // between finding a free port and taking it another program may take it
  for (let attempt = 1; attempt <= 3; attempt++) {
    const port = await freePort();
    const child = launch(program, dir, port);
    if (await becomesReady(program, child, port)) return { port, stop: () => end(child).then(() => rmSync(dir, { recursive: true, force: true })) };
    await end(child);
    words = readFileSync(join(dir, 'log'), 'utf8').slice(-3000);
  }
  rmSync(dir, { recursive: true, force: true });
  throw new Error(`${program.name} did not start:\n${words}`);
}

function launch(service: ServiceProgram, dir: string, port: number): ChildProcess {
  const { program, argv, env } = service.command({ dir, port });
  const log = openSync(join(dir, 'log'), 'w');
  try {
    const child = spawn(program, argv, { cwd: dir, stdio: ['ignore', log, log], env: { ...process.env, ...env } });
    // told by not becoming ready
    child.once('error', () => undefined);
    return child;
  } finally {
    closeSync(log);
  }
}

async function becomesReady(program: ServiceProgram, child: ChildProcess, port: number): Promise<boolean> {
  const end = Date.now() + DEADLINE_MS;
  while (isRunning(child) && Date.now() < end) {
    if (await program.isReady(`http://127.0.0.1:${port}`).catch(() => false)) return true;
    await pause(50);
  }
  return false;
}

async function end(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await ended;
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
