import { createHash } from 'node:crypto';
import { hasEnded } from '@trainyard/core/training/states.ts';
import type { RunRecord } from '../../stores/runs.ts';

export interface ActiveRequestsParts {
  /** All runs of a training that have not ended. */
  readonly activeRuns: (trainingId: string) => Promise<readonly RunRecord[]>;
  readonly find: (number: number) => Promise<RunRecord | undefined>;
}

/** More than ever run at once: time to look which of them are over. */
const SWEEP_AT = 10_000;

/** Which run a request like this one has started that has not ended. The first question about a training reads its runs, so that a restart forgets nothing. */
export class ActiveRequests {
  readonly #parts: ActiveRequestsParts;
  readonly #runs = new Map<string, Promise<number>>();
  readonly #loaded = new Map<string, Promise<void>>();

  constructor(parts: ActiveRequestsParts) {
    this.#parts = parts;
  }

  /** The number of that run, or of the one that `start` starts. Many that ask at once are one. */
  async join(trainingId: string, parameters: Readonly<Record<string, string>>, start: () => Promise<number>): Promise<number> {
    await this.#load(trainingId);
    const key = keyOf(trainingId, parameters);
    const known = this.#runs.get(key);
    if (known !== undefined && (await this.#isActive(known))) return known;
    // somebody may have started one while it was looked at
    const meanwhile = this.#runs.get(key);
    if (meanwhile !== undefined && meanwhile !== known) return meanwhile;
    if (this.#runs.size >= SWEEP_AT) await this.#sweep();
    const started = start();
    this.#runs.set(key, started);
    started.catch(() => this.#runs.delete(key));
    return started;
  }

  #load(trainingId: string): Promise<void> {
    const loading = this.#loaded.get(trainingId) ?? this.#read(trainingId);
    this.#loaded.set(trainingId, loading);
    loading.catch(() => this.#loaded.delete(trainingId));
    return loading;
  }

  async #read(trainingId: string): Promise<void> {
    for (const run of await this.#parts.activeRuns(trainingId)) this.#runs.set(keyOf(trainingId, run.spec.hyperParameters), Promise.resolve(run.number));
  }

  async #isActive(number: Promise<number>): Promise<boolean> {
    const run = await this.#parts.find(await number);
    return run !== undefined && !hasEnded(run.state);
  }

  async #sweep(): Promise<void> {
    for (const [key, number] of this.#runs) if (!(await this.#isActive(number))) this.#runs.delete(key);
  }
}

function keyOf(trainingId: string, parameters: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify([trainingId, sorted])).digest('base64');
}
