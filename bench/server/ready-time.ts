import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServerCommand {
  readonly argv: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Where it is told to listen. */
  readonly port: number;
}

const DEADLINE_MS = 300_000;
const LOOK_EVERY_MS = 5;

/** A server started for its figures. */
export class StartedServer implements AsyncDisposable {
  readonly #process: ChildProcess;
  /** Milliseconds from the command to the first 200 of GET /health. */
  readonly readyMs: number;

  static async start(command: ServerCommand): Promise<StartedServer> {
    const [program, ...args] = command.argv;
    const began = performance.now();
    // a group of its own: the peer has children that its parent's end does not end
    const child = spawn(program, args, { cwd: command.cwd, env: command.env, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    let words = '';
    child.stderr.on('data', (bytes: Buffer) => (words += bytes.toString('utf8')));
    while (!(await isHealthy(command.port))) {
      if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}: ${words}`);
      if (performance.now() - began > DEADLINE_MS) throw new Error(`${program} was not ready in ${DEADLINE_MS / 1000} s: ${words}`);
      await sleep(LOOK_EVERY_MS);
    }
    return new StartedServer(child, performance.now() - began);
  }

  private constructor(child: ChildProcess, readyMs: number) {
    this.#process = child;
    this.readyMs = readyMs;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const gone = once(this.#process, 'exit');
    process.kill(-this.pid, 'SIGTERM');
    await gone;
  }
}

function isHealthy(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port, path: '/health', agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    // nobody listens yet
    call.on('error', () => resolve(false));
    call.end();
  });
}
