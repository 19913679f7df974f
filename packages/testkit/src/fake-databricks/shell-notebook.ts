import { spawn } from 'node:child_process';
import { killTree, MARK_VARIABLE } from '@trainyard/runner/process/process-tree.ts';
import { type Execution, RAISED, WELL } from './fake-run.ts';

/** A notebook that is a shell script: what it prints is its result, an exit code that is not 0 is an exception. */
export function runShell(script: string, { mark, env, graceMs }: { readonly mark: string; readonly env: Readonly<Record<string, string>>; readonly graceMs: number }): Execution {
  const shell = spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'] ?? '', ...env, [MARK_VARIABLE]: mark } });
  const printed: Buffer[] = [];
  shell.stdout.on('data', (piece: Buffer) => printed.push(piece));
  const exited = new Promise<number | null>((resolve, reject) => shell.on('error', reject).on('exit', resolve));
  let killing: Promise<unknown> = Promise.resolve();
  return {
    ended: exited.then(async (code) => {
      await killing;
      const result = Buffer.concat(printed).toString('utf8');
      if (code === 0) return { end: WELL, output: { result } };
      return { end: RAISED, output: { result, error: `the script ended with ${code ?? 'a signal'}`, errorTrace: 'sh: line 1' } };
    }),
    // as a cluster does: whatever the notebook left behind goes, too
    cancel: () => {
      killing = killTree({ mark, group: shell.pid, exceptPids: [process.pid] }, graceMs);
    },
  };
}
