import { createHash } from 'node:crypto';
import { hasEnded, type RunState } from '@trainyard/core/training/states.ts';
import type { RunRecord } from '../../stores/runs.ts';

export interface ActiveRequestsParts {
  /** All runs of a training that have not ended, the latest first. */
  readonly activeRuns: (trainingId: string) => AsyncIterable<Pick<RunRecord, 'number' | 'spec'>>;
  readonly find: (number: number) => Promise<{ readonly state: RunState } | undefined>;
}

/** More than ever run at once: time to look which of them are over. */
const SWEEP_AT = 10_000;

/** Undefined when there is none after all. */
type Started = Promise<number | undefined>;

/**
 * Which runs were asked for alike and have not ended: those that this process has started, and those it finds when it is first
 * asked about their training, so that a restart forgets nothing.
 */
export class ActiveRequests {
  readonly #parts: ActiveRequestsParts;
  /** The oldest first. */
  readonly #runs = new Map<string, Started[]>();
  readonly #loaded = new Map<string, Promise<void>>();
  #sweepAt = SWEEP_AT;

  constructor(parts: ActiveRequestsParts) {
    this.#parts = parts;
  }

  /** The number of the oldest such run, or of the one that `start` starts. Many that ask at once are one. */
  async join(trainingId: string, parameters: Readonly<Record<string, string>>, start: () => Promise<number>): Promise<number> {
    await this.#load(trainingId);
    await this.#sweep();
    const key = keyOf(trainingId, parameters);
    for (;;) {
      // no wait between the look that finds none and the start: another one may come meanwhile
      const oldest = this.#runs.get(key)?.[0];
      if (oldest === undefined) break;
      const number = await this.#activeNumber(oldest);
      if (number !== undefined) return number;
      this.#remove(key, oldest);
    }
    const started = start();
    this.#runs.set(key, [started]);
    started.catch(() => this.#remove(key, started));
    return started;
  }

  /** The number of the run that `start` starts, which joins none and may be joined. */
  async startAlone(trainingId: string, parameters: Readonly<Record<string, string>>, start: () => Promise<number>): Promise<number> {
    const key = keyOf(trainingId, parameters);
    const started = start();
    // why it could not be started concerns nobody who would have joined it
    this.#runs.set(key, [...(this.#runs.get(key) ?? []), started.catch(() => undefined)]);
    await this.#sweep();
    await this.#forgetEnded(key);
    return started;
  }

  /** Those before the oldest that has not ended: behind one that goes on there may be some more. */
  async #forgetEnded(key: string): Promise<void> {
    for (;;) {
      const oldest = this.#runs.get(key)?.[0];
      if (oldest === undefined || (await this.#mayBeActive(oldest))) return;
      this.#remove(key, oldest);
    }
  }

  #remove(key: string, started: Started): void {
    const left = this.#runs.get(key)?.filter((one) => one !== started) ?? [];
    if (left.length === 0) this.#runs.delete(key);
    else this.#runs.set(key, left);
  }

  #load(trainingId: string): Promise<void> {
    const loading = this.#loaded.get(trainingId) ?? this.#read(trainingId);
    this.#loaded.set(trainingId, loading);
    loading.catch(() => this.#loaded.delete(trainingId));
    return loading;
  }

  async #read(trainingId: string): Promise<void> {
    const found: { readonly key: string; readonly number: number }[] = [];
    // what is kept of each is small, whatever its parameters are
    for await (const { number, spec } of this.#parts.activeRuns(trainingId)) found.push({ key: keyOf(trainingId, spec.hyperParameters), number });
    for (const { key, number } of found) this.#runs.set(key, [Promise.resolve(number), ...(this.#runs.get(key) ?? [])]);
  }

  async #activeNumber(started: Started): Promise<number | undefined> {
    const number = await started;
    const run = number === undefined ? undefined : await this.#parts.find(number);
    return run === undefined || hasEnded(run.state) ? undefined : number;
  }

  async #mayBeActive(started: Started): Promise<boolean> {
    try {
      return (await this.#activeNumber(started)) !== undefined;
    } catch {
      return true; // it is looked at again when somebody asks for it, who is then told
    }
  }

  /** Forgets all that have ended, when there are many. */
  async #sweep(): Promise<void> {
    if (this.#runs.size < this.#sweepAt) return;
    this.#sweepAt = Number.POSITIVE_INFINITY;
    try {
      for (const [key, all] of this.#runs) for (const started of all) if (!(await this.#mayBeActive(started))) this.#remove(key, started);
    } finally {
      this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#runs.size);
    }
  }
}

function keyOf(trainingId: string, parameters: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify([trainingId, sorted])).digest('base64');
}
