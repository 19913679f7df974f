import type { Clock } from '../clock.ts';

export interface GateOptions {
  /** Calls that may begin in a second. */
  readonly perSecond: number;
  /** Calls under way at once. */
  readonly width: number;
  readonly clock: Clock;
  /** 0…1, for pauses that are not the same everywhere. */
  readonly chance: () => number;
  readonly signal: AbortSignal;
}

const FIRST_PAUSE_MS = 250;
/** Short, as an end has to be seen soon after the workspace is back; one call in so long a time is no load. */
const MAX_PAUSE_MS = 5_000;
/** A pause the other side asks for is kept, within reason. */
const MAX_ASKED_PAUSE_MS = 300_000;

/**
 * Every call to the workspace goes through here: evenly spaced, a few at a time, and none while the workspace is in trouble.
 * Trouble is everybody's: when one call is told to slow down, all others do too.
 */
export class Gate {
  readonly #options: GateOptions;
  readonly #waiting: (() => void)[] = [];
  #inside = 0;
  #nextAt = 0;
  #closedUntil = 0;
  #troubles = 0;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Runs `call` when it may; throws the signal's reason when that is aborted first. */
  async through<T>(call: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      await this.#turn();
      return await call();
    } finally {
      this.#leave();
    }
  }

  fine(): void {
    this.#troubles = 0;
  }

  /** Closes for everybody: as long as was asked, or longer with every trouble in a row. */
  trouble(retryAfterMs: number | undefined): void {
    const { clock, chance } = this.#options;
    const own = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#troubles++, 10));
    const pause = Math.max(own * (0.75 + chance() / 4), Math.min(retryAfterMs ?? 0, MAX_ASKED_PAUSE_MS));
    this.#closedUntil = Math.max(this.#closedUntil, clock.now() + pause);
  }

  async #enter(): Promise<void> {
    if (this.#inside < this.#options.width) this.#inside++;
    // whoever leaves hands the place on
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#inside--;
    else next();
  }

  async #turn(): Promise<void> {
    const { clock, perSecond, signal } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      const at = Math.max(this.#nextAt, this.#closedUntil);
      const wait = at - clock.now();
      if (wait <= 0) break;
      await clock.sleep(Math.ceil(wait), signal);
    }
    this.#nextAt = Math.max(this.#nextAt, clock.now()) + 1000 / perSecond;
  }
}
