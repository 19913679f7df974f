import type { Observation } from '@trainyard/core/training/decide.ts';
import type { Assignment, Capabilities, Engine } from '@trainyard/server/engines/engine.ts';

/** An engine whose executions end when a test says so. Counts what it started: a key starts once. */
export class FakeEngine implements Engine {
  readonly name: string;
  readonly can: Capabilities = { commands: true, notebooks: false, remoteRunners: false, gpu: false, containers: false, resourceLimits: false, survivesServer: true };
  /** Key → how often it was started; anything but 1 is a broken law. */
  readonly started = new Map<string, number>();
  readonly sights = new Map<string, Observation>();
  readonly calls: string[] = [];
  /** Thrown by the next submits, one each. */
  readonly failSubmits: Error[] = [];
  /** What a fresh execution is seen as. */
  readonly #initial: Observation;

  constructor(name = 'local', initial: Observation = { kind: 'active' }) {
    this.name = name;
    this.#initial = initial;
  }

  submit(key: string, _assignment: Assignment): Promise<void> {
    const failure = this.failSubmits.shift();
    if (failure !== undefined) return Promise.reject(failure);
    if (!this.started.has(key)) this.sights.set(key, this.#initial);
    this.started.set(key, this.started.has(key) ? (this.started.get(key) ?? 0) : 1);
    return Promise.resolve();
  }

  observe(key: string): Promise<Observation> {
    return Promise.resolve(this.sights.get(key) ?? { kind: 'missing' });
  }

  async *logs(): AsyncIterable<Uint8Array> {
    // keeps none
  }

  reports(): Promise<[]> {
    return Promise.resolve([]);
  }

  stop(key: string): Promise<void> {
    this.calls.push(`stop ${key}`);
    return Promise.resolve();
  }

  kill(key: string): Promise<void> {
    this.calls.push(`kill ${key}`);
    return Promise.resolve();
  }

  reap(key: string): Promise<void> {
    this.sights.delete(key);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  keys(): Promise<string[]> {
    return Promise.resolve([...this.sights.keys()]);
  }
}
