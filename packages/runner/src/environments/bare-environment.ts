import { createHash } from 'node:crypto';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { programInPath } from './builders/get-uv.ts';
import type { EnvironmentSpec, PrepareContext, ReadyEnvironment } from './environment.ts';
import { interpreters } from './interpreters/find-interpreter.ts';
import type { Interpreter } from './interpreters/interpreter-facts.ts';

/**
 * The programs that are there, nothing installed. Commands of projects say `python`; some systems only have `python3`, so there
 * the first is made to mean the second.
 */
export async function bareEnvironment(spec: EnvironmentSpec, context: PrepareContext): Promise<ReadyEnvironment> {
  const interpreter = await firstInterpreter(context);
  const python = interpreter === undefined ? 'no Python' : `Python ${interpreter.version}`;
  context.log.say(`environment: ${spec.kind === 'none' ? 'nothing to install' : `${spec.from} is not installed (manager: none)`}, the programs of this machine (${python})`);
  return {
    id: 'none',
    python: interpreter?.version,
    variables: await pathWithPython(interpreter, context),
    cached: true,
    release: async () => {},
  };
}

async function firstInterpreter(context: PrepareContext): Promise<Interpreter | undefined> {
  for await (const interpreter of interpreters(context)) return interpreter;
  return undefined;
}

async function pathWithPython(interpreter: Interpreter | undefined, { cacheDir, env }: PrepareContext): Promise<Readonly<Record<string, string>>> {
  const path = env['PATH'] ?? '';
  if (interpreter === undefined || (await programInPath('python', env)) !== undefined) return { PATH: path };
  const bin = join(cacheDir, 'python', createHash('sha256').update(interpreter.path).digest('hex').slice(0, 16));
  await mkdir(bin, { recursive: true });
  try {
    await symlink(interpreter.path, join(bin, 'python'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return { PATH: `${bin}:${path}` };
}
