import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

type Env = Readonly<Record<string, string | undefined>>;

/** Of MLflow's versions that are still in use. */
export type MlflowMajor = 2 | 3;

const WITH = ['scikit-learn', 'pillow', 'psutil', 'psycopg2-binary'];
/** The newest of each, and what the tours import. Fixed, because answers are compared word by word: raise them and look at what differs. */
const REQUIREMENTS: { readonly [M in MlflowMajor]: readonly string[] } = {
  // the last 2.x does not know SQLAlchemy 2.1
  2: ['mlflow==2.22.5', 'sqlalchemy<2.1', ...WITH],
  3: ['mlflow==3.17.2', ...WITH],
};
const INSTALL_DEADLINE_MS = 900_000;

/** The Python of an environment with the newest mlflow 2 or 3 and scikit-learn; installed once per machine, kept in the user's cache. */
export async function pythonWithMlflow(env: Env, major: MlflowMajor = 3): Promise<string> {
  const home = join(cacheDir(env), 'trainyard-test', `mlflow-${major}`);
  const python = join(home, 'venv', 'bin', 'python');
  mkdirSync(home, { recursive: true });
  const deadline = Date.now() + INSTALL_DEADLINE_MS;
  while (!isComplete(home, major)) {
    if (!tryLock(join(home, 'lock'))) {
      if (Date.now() > deadline) throw new Error(`another test run holds ${home}/lock: remove it when there is none`);
      await pause(500);
      continue;
    }
    try {
      if (isComplete(home, major)) continue;
      // what an install that was broken off has left; one that is only short of something new is kept, others may use it
      if (!existsSync(join(home, 'complete'))) rmSync(join(home, 'venv'), { recursive: true, force: true });
      await install(join(home, 'venv'), { python, requirements: REQUIREMENTS[major], env });
      writeFileSync(join(home, 'complete'), markOf(major));
    } finally {
      rmSync(join(home, 'lock'), { force: true });
    }
  }
  return python;
}

function isComplete(home: string, major: MlflowMajor): boolean {
  const file = join(home, 'complete');
  return existsSync(file) && readFileSync(file, 'utf8') === markOf(major);
}

/** What was asked for when it was installed. */
function markOf(major: MlflowMajor): string {
  return `${REQUIREMENTS[major].join('\n')}\n`;
}

async function install(venv: string, { python, requirements, env }: { readonly python: string; readonly requirements: readonly string[]; readonly env: Env }): Promise<void> {
  const isNew = !existsSync(venv);
  const uv = (env['PATH'] ?? '').split(delimiter).map((dir) => join(dir, 'uv')).find((path) => existsSync(path));
  if (uv === undefined) {
    if (isNew) await runProgram('python3', ['-m', 'venv', venv], env);
    await runProgram(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...requirements], env);
  } else {
    if (isNew) await runProgram(uv, ['venv', '--quiet', venv], env);
    await runProgram(uv, ['pip', 'install', '--quiet', '--python', python, ...requirements], env);
  }
}

/** What the program printed. Rejects with it when the program fails. */
export function runProgram(program: string, argv: readonly string[], env: Env): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, { env: env as NodeJS.ProcessEnv, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`${program} ${argv.join(' ')} ended with exit code ${code}:\n${out}\n${err}`))));
  });
}

/** A lock of a process that is gone counts as none. */
function tryLock(path: string): boolean {
  if (existsSync(path) && !isAlive(Number(readFileSync(path, 'utf8')))) rmSync(path, { force: true });
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function cacheDir(env: Env): string {
  return env['XDG_CACHE_HOME'] ?? (process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache'));
}
