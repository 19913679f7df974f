import type { Clock } from '../clock.ts';

export interface LaneOptions {
  /** Keys worked on at once. */
  readonly width: number;
  /** Answers after how many milliseconds it wants to be called again; undefined when it is done. */
  readonly work: (key: string) => Promise<number | undefined>;
  /** Told what `work` threw; the key is worked on again. */
  readonly failed: (key: string, error: unknown) => void;
  /** Milliseconds until a key is worked on again that failed now, and so many times in a row before; up to 15 s when absent. */
  readonly pauseAfter?: (failures: number, error: unknown) => number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 15_000;

/** Work that waits its turn, each key once. What fails comes again, later with every failure in a row. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #waiting = new Set<string>();
  /** Keys that are worked on or pause. */
  readonly #busy = new Set<string>();
  readonly #again = new Set<string>();
  readonly #pauses = new Map<string, AbortController>();
  /** Keys that are worked on and are not to pause after it. */
  readonly #hurried = new Set<string>();
  readonly #failures = new Map<string, number>();
  #running = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** A key that is worked on at the moment is worked on once more, as it may have changed meanwhile; its pause stays as it is. */
  add(key: string): void {
    if (this.#busy.has(key)) this.#again.add(key);
    else this.#waiting.add(key);
    this.#next();
  }

  /** As `add`, and its pause ends: what it pauses for counts no more. */
  hurry(key: string): void {
    if (this.#busy.has(key)) this.#hurried.add(key);
    this.#pauses.get(key)?.abort();
    this.add(key);
  }

  #next(): void {
    while (this.#running < this.#options.width && !this.#options.signal.aborted) {
      const [key] = this.#waiting;
      if (key === undefined) return;
      this.#waiting.delete(key);
      this.#busy.add(key);
      this.#running++;
      void this.#work(key);
    }
  }

  async #work(key: string): Promise<void> {
    const pauseMs = await this.#once(key);
    this.#running--;
    this.#next();
    if (pauseMs !== undefined && !this.#hurried.has(key)) await this.#pause(key, pauseMs);
    this.#hurried.delete(key);
    this.#busy.delete(key);
    const again = this.#again.delete(key);
    if (pauseMs !== undefined || again) this.add(key);
  }

  async #pause(key: string, pauseMs: number): Promise<void> {
    const { clock, signal } = this.#options;
    const pause = new AbortController();
    this.#pauses.set(key, pause);
    await clock.sleep(pauseMs, AbortSignal.any([signal, pause.signal]));
    this.#pauses.delete(key);
  }

  async #once(key: string): Promise<number | undefined> {
    const { work, failed, pauseAfter = usualPause, signal } = this.#options;
    try {
      const pauseMs = await work(key);
      this.#failures.delete(key);
      return pauseMs;
    } catch (error) {
      if (signal.aborted) return undefined;
      const failures = this.#failures.get(key) ?? 0;
      this.#failures.set(key, failures + 1);
      failed(key, error);
      return pauseAfter(failures, error);
    }
  }
}

function usualPause(failures: number): number {
  return Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10));
}
