import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runProgram } from '../run-program.ts';

const MISSING = 'tests with programs of Python need uv, or python3 with venv and pip';

/** The Python of the environment. */
export function pythonOf(venv: string): string {
  return join(venv, 'bin', 'python');
}

/** Makes the environment, or adds to one that is there. */
export async function fillVenv(venv: string, requirements: readonly string[]): Promise<void> {
  const isNew = !existsSync(venv);
  const uv = (process.env['PATH'] ?? '').split(delimiter).map((dir) => join(dir, 'uv')).find((path) => existsSync(path));
  if (uv === undefined) {
    if (isNew) await runProgram('python3', ['-m', 'venv', venv], { missing: MISSING });
    await runProgram(pythonOf(venv), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...requirements], { missing: MISSING });
  } else {
    if (isNew) await runProgram(uv, ['venv', '--quiet', '--no-project', venv], { missing: MISSING });
    await runProgram(uv, ['pip', 'install', '--quiet', '--python', pythonOf(venv), ...requirements], { missing: MISSING });
  }
}
