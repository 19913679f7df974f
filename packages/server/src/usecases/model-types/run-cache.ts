import { hasEnded } from '@trainyard/core/training/states.ts';
import type { Hub } from '../../platform/hub.ts';
import type { RunRecord } from '../../stores/runs.ts';

export interface RunCacheParts {
  readonly find: (number: number) => Promise<RunRecord | undefined>;
  readonly hub: Hub;
  readonly now: () => number;
}

/** A notice is a hint, and another server may have written: longer than this nothing that can change is believed. */
const FRESH_MS = 3_000;
const MAX_RUNS = 20_000;

interface Entry {
  readonly run: RunRecord;
  readonly until: number;
  readonly forget: () => void;
}

/**
 * Runs by their number, read from the store once for many who ask. A notice of the hub makes it look again at once; a run that
 * has ended never changes.
 */
export class RunCache {
  readonly #parts: RunCacheParts;
  /** In the order in which they came in; the oldest goes first. */
  readonly #entries = new Map<number, Entry>();
  readonly #asked = new Map<number, Promise<RunRecord | undefined>>();

  constructor(parts: RunCacheParts) {
    this.#parts = parts;
  }

  /** Without a wait when it is known. */
  known(number: number): RunRecord | undefined {
    const entry = this.#entries.get(number);
    return entry !== undefined && entry.until > this.#parts.now() ? entry.run : undefined;
  }

  find(number: number): Promise<RunRecord | undefined> {
    const asked = this.#asked.get(number) ?? this.#read(number).finally(() => this.#asked.delete(number));
    this.#asked.set(number, asked);
    return asked;
  }

  async #read(number: number): Promise<RunRecord | undefined> {
    const run = await this.#parts.find(number);
    if (run !== undefined) this.#keep(run);
    return run;
  }

  #keep(run: RunRecord): void {
    this.#entries.get(run.number)?.forget();
    const ended = hasEnded(run.state);
    const drop = (): void => this.#entries.get(run.number)?.forget();
    const off = ended ? (): void => undefined : this.#parts.hub.listen(`run:${run.id}`, drop);
    const forget = (): void => {
      off();
      this.#entries.delete(run.number);
    };
    this.#entries.set(run.number, { run, until: ended ? Number.POSITIVE_INFINITY : this.#parts.now() + FRESH_MS, forget });
    if (this.#entries.size > MAX_RUNS) this.#entries.values().next().value?.forget();
  }
}
