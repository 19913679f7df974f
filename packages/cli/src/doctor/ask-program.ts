import { execFile } from 'node:child_process';
import type { Env } from '../io.ts';

const PATIENCE_MS = 20_000;
const MAX_OUTPUT_BYTES = 65_536;

/** What a program prints when it is asked something; undefined when it is not there or does not work. */
export async function askProgram(argv: readonly [string, ...string[]], env: Env): Promise<string | undefined> {
  const [program, ...words] = argv;
  return await new Promise((resolve) => {
    execFile(program, words, { env: { ...env }, timeout: PATIENCE_MS, maxBuffer: MAX_OUTPUT_BYTES, shell: false }, (error, stdout, stderr) => {
      resolve(error === null ? `${stdout}${stderr}`.trim() : undefined);
    });
  });
}
