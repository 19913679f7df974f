import { createInterface } from 'node:readline';

/**
 * A runner that is started before there is anything to run: loading is most of what a start costs. Answers the directory it
 * is handed on standard input, or undefined when that is closed: nobody has an attempt for it, or the server is gone.
 */
export async function waitForAttempt(): Promise<string | undefined> {
  // on the way of every attempt to its first line of user code
  await Promise.all([import('../carry-out.ts'), import('../stop.ts'), import('../environments/prepare-environment.ts'), import('../toolchains/mlflow/toolchain.ts'), import('../toolchains/command/toolchain.ts'), import('tar'), import('yaml')]);
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdin.destroy();
    return line;
  }
  return undefined;
}
