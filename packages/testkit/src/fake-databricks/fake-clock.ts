/** Time that passes when a test says so. Sleepers wake in order, each at its own moment. */
export class FakeClock {
  #now: number;
  readonly #sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();

  constructor(now = 1_800_000_000_000) {
    this.#now = now;
  }

  readonly now = (): number => this.#now;

  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const sleeper = { at: this.#now + Math.max(0, ms), wake: (): void => finish() };
      const finish = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', finish, { once: true });
    });

  /** Lets `ms` pass; between two moments everything that can go on does. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next);
      for (const sleeper of [...this.#sleepers].filter(({ at }) => at <= this.#now)) sleeper.wake();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  /** Lets time pass in steps until `seen`; throws when `mostMs` were not enough. */
  async until(what: string, seen: () => boolean | Promise<boolean>, mostMs = 3_600_000): Promise<void> {
    const end = this.#now + mostMs;
    await settle();
    while (!(await seen())) {
      if (this.#now >= end) throw new Error(`this did not happen in ${mostMs} ms of simulated time: ${what}`);
      await this.advance(Math.min(100, end - this.#now));
    }
  }

  #next(end: number): number | undefined {
    let next: number | undefined;
    for (const { at } of this.#sleepers) if (at <= end && (next === undefined || at < next)) next = at;
    return next;
  }
}

/** Promises, streams and immediates have all had their turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}
