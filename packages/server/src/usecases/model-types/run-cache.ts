import { hasEnded } from '@trainyard/core/training/states.ts';
import type { Hub } from '../../platform/hub.ts';
import { lengthOf, type SeenRun } from './seen-run.ts';

export interface RunCacheParts {
  readonly find: (number: number) => Promise<SeenRun | undefined>;
  readonly hub: Hub;
  readonly now: () => number;
}

/** A notice is a hint, and another server may have written: longer than this nothing that can change is believed. */
const FRESH_MS = 3_000;
/** Of everything that is remembered: 30,000 runs that say little, 150 that say as much as a run can. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Many at once: to find the oldest entry of a map, it steps over all that were deleted before it. */
const LEFT_BYTES = 0.9 * MAX_BYTES;
/** Of a run without its texts. */
const RUN_BYTES = 2_000;
/** Two for each place of a text, and the same again for the answer that is made of it and kept as long as the run is. */
const CHARACTER_BYTES = 4;

interface Entry {
  readonly run: SeenRun;
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
  readonly #asked = new Map<number, Promise<SeenRun | undefined>>();
  #sizeBytes = 0;

  constructor(parts: RunCacheParts) {
    this.#parts = parts;
  }

  /** Without a wait when it is known. */
  known(number: number): SeenRun | undefined {
    const entry = this.#entries.get(number);
    return entry !== undefined && entry.until > this.#parts.now() ? entry.run : undefined;
  }

  find(number: number): Promise<SeenRun | undefined> {
    const asked = this.#asked.get(number) ?? this.#read(number).finally(() => this.#asked.delete(number));
    this.#asked.set(number, asked);
    return asked;
  }

  async #read(number: number): Promise<SeenRun | undefined> {
    const run = await this.#parts.find(number);
    if (run !== undefined) this.#keep(run);
    return run;
  }

  #keep(run: SeenRun): void {
    this.#entries.get(run.number)?.forget();
    const ended = hasEnded(run.state);
    const drop = (): void => this.#entries.get(run.number)?.forget();
    const off = ended ? (): void => undefined : this.#parts.hub.listen(`run:${run.id}`, drop);
    const sizeBytes = RUN_BYTES + CHARACTER_BYTES * lengthOf(run);
    const forget = (): void => {
      off();
      this.#entries.delete(run.number);
      this.#sizeBytes -= sizeBytes;
    };
    this.#entries.set(run.number, { run, until: ended ? Number.POSITIVE_INFINITY : this.#parts.now() + FRESH_MS, forget });
    this.#sizeBytes += sizeBytes;
    if (this.#sizeBytes > MAX_BYTES) this.#makeRoom();
  }

  #makeRoom(): void {
    for (const { forget } of this.#entries.values()) {
      if (this.#sizeBytes <= LEFT_BYTES) return;
      forget();
    }
  }
}
