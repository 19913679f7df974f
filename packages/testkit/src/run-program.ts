import { spawn } from 'node:child_process';
import { basename } from 'node:path';

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Said when there is no such program: what to install. */
  readonly missing?: string;
}

/** Runs a program to its end and answers what it printed. Rejects with all it said when it fails. */
export function runProgram(program: string, argv: readonly string[], { cwd, env, missing = 'is it installed?' }: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.once('error', (cause) => reject(new Error(`'${program}' could not be started: ${missing}`, { cause })));
    child.once('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`${basename(program)} ${argv.join(' ')} ended with exit code ${code}:\n${`${out}\n${err}`.slice(-4000)}`))));
  });
}
