import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { FakeFiles } from './fake-files.ts';
import { type Execution, RAISED, WELL } from './fake-run.ts';
import type { PythonTask } from './submit-request.ts';

/** Databricks keeps the end of what a task printed. */
const KEPT_BYTES = 5 * 1024 * 1024;

export interface ProgramOptions {
  readonly files: FakeFiles;
  /** Where clusters have their disks. */
  readonly machines: string;
  /** Added to those every program of the cluster has. */
  readonly env?: Readonly<Record<string, string>>;
  /** Told of the task's process, which a test may kill. */
  readonly started?: (task: ChildProcess) => void;
}

/**
 * A Python task, really carried out: by this machine's python3, in a directory of its own, with the files of the workspace where
 * its parameters say they are. A cancel ends the task's process at once and nothing beside it, as on a cluster that goes on.
 */
export function runPython({ python_file: file, parameters = [] }: PythonTask, { files, machines, env = {}, started = () => undefined }: ProgramOptions): Execution {
  mkdirSync(machines, { recursive: true });
  const dir = mkdtempSync(join(machines, 'driver-'));
  const [work, temporary] = [join(dir, 'work'), join(dir, 'tmp')];
  for (const one of [work, temporary]) mkdirSync(one);
  const known = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? dir, TMPDIR: temporary, PYTHONDONTWRITEBYTECODE: '1' };
  const task = spawn('python3', [files.seen(file), ...parameters.map((parameter) => files.seen(parameter))], { cwd: work, env: { ...known, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed: Buffer[] = [];
  let complaint = '';
  task.stdout.on('data', (piece: Buffer) => printed.push(piece));
  task.stderr.on('data', (piece: Buffer) => (complaint += piece.toString('utf8')));
  started(task);
  const ended = new Promise<number | null>((resolve, reject) => task.on('error', reject).on('close', resolve));
  return {
    ended: ended.then((code) => {
      const logs = Buffer.concat(printed);
      const output = { logs: logs.subarray(-KEPT_BYTES).toString('utf8'), logsTruncated: logs.length > KEPT_BYTES };
      if (code === 0) return { end: WELL, output };
      const lines = complaint.trim().split('\n');
      return { end: RAISED, output: { ...output, error: lines.at(-1) ?? `the task ended with ${code ?? 'a signal'}`, errorTrace: complaint } };
    }),
    cancel: () => void task.kill('SIGKILL'),
  };
}
