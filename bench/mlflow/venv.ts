import { execFile } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CACHE_DIR } from '../measuring/cache-dir.ts';
import { say } from '../measuring/measure.ts';

const run = promisify(execFile);

/** The driver is for its server on PostgreSQL. */
const PACKAGES = ['mlflow', 'psycopg2-binary'];

export interface MlflowVenv {
  readonly dir: string;
  /** The program `mlflow`. */
  readonly mlflow: string;
  readonly version: string;
}

/** A virtual environment with the newest MLflow, made once per machine; remove its directory to get a newer one. */
export async function mlflowVenv(): Promise<MlflowVenv> {
  const dir = join(CACHE_DIR, 'mlflow-and-postgresql-venv');
  const mlflow = join(dir, 'bin', 'mlflow');
  // a venv cannot be moved once it is made, so the last file of it says that it is whole
  const whole = join(dir, 'whole');
  if (!existsSync(whole)) {
    say(`making a virtual environment with MLflow in ${dir} (a minute or two, once)`);
    rmSync(dir, { recursive: true, force: true });
    await install(dir);
    writeFileSync(whole, '');
  }
  const { stdout } = await run(mlflow, ['--version']);
  const version = /\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] ?? stdout.trim();
  return { dir, mlflow, version };
}

async function install(dir: string): Promise<void> {
  const python = join(dir, 'bin', 'python');
  if (await hasUv()) {
    await run('uv', ['venv', dir]);
    await run('uv', ['pip', 'install', '--python', python, ...PACKAGES]);
  } else {
    await run('python3', ['-m', 'venv', dir]);
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES], { maxBuffer: 64 * 1024 * 1024 });
  }
}

async function hasUv(): Promise<boolean> {
  return run('uv', ['--version']).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
