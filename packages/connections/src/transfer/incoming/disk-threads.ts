import { Worker } from 'node:worker_threads';
import { type Algorithm, diskThread, type DiskAnswer, type DiskTask } from './disk-thread.ts';

interface Waiting {
  readonly resolve: (value: string[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * What would keep the one thread of the network from the network: hashing, and the four steps of each small file. Threads start
 * when there is work for them, and end with the fetch.
 */
export class DiskThreads {
  readonly #threads = new Map<Algorithm, DiskThread>();

  /** A thread for each algorithm: MD5 alone takes as long as a fast network. */
  of(algorithm: Algorithm): DiskThread {
    const thread = this.#threads.get(algorithm) ?? new DiskThread();
    this.#threads.set(algorithm, thread);
    return thread;
  }

  /** Ends what is under way too. */
  async close(): Promise<void> {
    await Promise.all([...this.#threads.values()].map((thread) => thread.close()));
  }
}

class DiskThread {
  // the runner is one file that is brought to other machines, so a thread of it cannot be a file of its own; bytes that were moved
  // to it go with its young garbage
  readonly #worker = new Worker(`(${diskThread.toString()})()`, { eval: true, env: {}, execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: 2 } });
  readonly #waiting: Waiting[] = [];
  #failure: Error | undefined;

  constructor() {
    this.#worker.on('message', (answer: DiskAnswer) => this.#take(answer));
    this.#worker.once('error', (error) => this.#lose(error instanceof Error ? error : new Error(String(error))));
    this.#worker.once('exit', () => this.#lose(new Error('a thread ended before its work did')));
  }

  /** Tasks are done one after the other. Throws what the system said, with its code. */
  ask(task: DiskTask, moved: readonly ArrayBuffer[] = []): Promise<string[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(task, moved);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #take(answer: DiskAnswer): void {
    const asked = this.#waiting.shift();
    if ('values' in answer) asked?.resolve(answer.values);
    else asked?.reject(Object.assign(new Error(answer.message), { code: answer.code }));
  }

  #lose(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}
