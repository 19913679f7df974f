import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

type Env = Readonly<Record<string, string | undefined>>;

/** What the tours import; raise it to try newer ones. */
const REQUIREMENTS = ['mlflow>=3,<4', 'scikit-learn', 'pillow'];
const INSTALL_DEADLINE_MS = 900_000;

/** The Python of an environment with the newest mlflow 3 and scikit-learn; installed once per machine, kept in the user's cache. */
export async function pythonWithMlflow(env: Env): Promise<string> {
  const home = join(cacheDir(env), 'trainyard-test', 'mlflow-3');
  const python = join(home, 'venv', 'bin', 'python');
  const complete = join(home, 'complete');
  mkdirSync(home, { recursive: true });
  const deadline = Date.now() + INSTALL_DEADLINE_MS;
  while (!existsSync(complete)) {
    if (!tryLock(join(home, 'lock'))) {
      if (Date.now() > deadline) throw new Error(`another test run holds ${home}/lock: remove it when there is none`);
      await pause(500);
      continue;
    }
    try {
      if (!existsSync(complete)) await install(join(home, 'venv'), python, env);
      writeFileSync(complete, '');
    } finally {
      rmSync(join(home, 'lock'), { force: true });
    }
  }
  return python;
}

async function install(venv: string, python: string, env: Env): Promise<void> {
  // what an install that was broken off has left
  rmSync(venv, { recursive: true, force: true });
  const uv = (env['PATH'] ?? '').split(delimiter).map((dir) => join(dir, 'uv')).find((path) => existsSync(path));
  if (uv === undefined) {
    await runProgram('python3', ['-m', 'venv', venv], env);
    await runProgram(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...REQUIREMENTS], env);
  } else {
    await runProgram(uv, ['venv', '--quiet', venv], env);
    await runProgram(uv, ['pip', 'install', '--quiet', '--python', python, ...REQUIREMENTS], env);
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
