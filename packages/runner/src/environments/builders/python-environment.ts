import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Interpreter } from '../interpreters/interpreter-facts.ts';
import type { Requirements } from '../requirements/flatten-requirements.ts';

/** What a virtual environment is made of. */
export interface PythonEnvironment {
  readonly interpreter: Interpreter;
  /** Installed one after the other: what building needs, then the rest. Empty ones are left out. */
  readonly steps: readonly Requirements[];
  /** File it was read from, for messages. */
  readonly from: string;
  /** To be said when the requirements cannot be installed. */
  readonly hint: string | undefined;
}

/**
 * Writes the files an installer reads and answers the arguments that name them. The files are private: an address of an index
 * may hold a password.
 */
export async function writeInput(dir: string, number: number, { options, requirements, constraints }: Requirements): Promise<readonly string[]> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const file = async (kind: string, lines: readonly string[]): Promise<string> => {
    const path = join(dir, `${kind}-${number}.txt`);
    await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 });
    return path;
  };
  const named = ['--requirement', await file('requirements', [...options, ...requirements])];
  return constraints.length === 0 ? named : [...named, '--constraint', await file('constraints', constraints)];
}
