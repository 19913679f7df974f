import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@trainyard/testkit/loopback/free-port.ts';
import { waitFor } from '../server-process.ts';
import { quietMlflow } from './quiet-mlflow.ts';

/** `mlflow server` itself, on SQLite and files in a directory of its own. */
export class OriginalServer {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #dir: string;

  private constructor(url: string, process: ChildProcess, dir: string) {
    this.url = url;
    this.#process = process;
    this.#dir = dir;
  }

  /** Starts it with the mlflow of this Python; resolves when it answers. */
  static async start(python: string): Promise<OriginalServer> {
    const dir = mkdtempSync(join(tmpdir(), 'trainyard-original-'));
    const port = await freePort();
    const argv = ['-m', 'mlflow', 'server', '--backend-store-uri', `sqlite:///${dir}/mlflow.db`, '--artifacts-destination', join(dir, 'artifacts'), '--host', '127.0.0.1', '--port', String(port), '--workers', '1'];
    const output: string[] = [];
    // of its own group: it has workers, which end with it
    const child = spawn(python, argv, { cwd: dir, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: quietMlflow({ MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' }) });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => output.push(bytes.toString('utf8')));
    const server = new OriginalServer(`http://127.0.0.1:${port}`, child, dir);
    await waitFor('mlflow server answers', async () => {
      if (child.exitCode !== null) throw new Error(`mlflow server ended with ${child.exitCode}:\n${output.join('')}`);
      return isHealthy(server.url);
    });
    return server;
  }

  async stop(): Promise<void> {
    const { pid, exitCode } = this.#process;
    if (pid !== undefined && exitCode === null) {
      const gone = once(this.#process, 'exit');
      process.kill(-pid, 'SIGKILL');
      await gone;
    }
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch {
    // nobody listens yet
    return false;
  }
}
