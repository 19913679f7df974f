import type { Reason } from '@trainyard/core/training/reason.ts';

/** Why an attempt is to end before its work is done. `over`: for the server it has ended already. */
export type StopCause = Extract<Reason, 'cancelled' | 'disk_full' | 'internal'> | 'over';

/** The one place that knows that an attempt is to stop, and why. The first cause counts; `over` ends the sending as well. */
export class Stop {
  readonly #stopping = new AbortController();
  readonly #over = new AbortController();
  #cause: StopCause | undefined;
  #message = '';

  /** Aborted when the work is to end. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Aborted when nothing more is to be sent either. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  get cause(): StopCause | undefined {
    return this.#cause;
  }

  get message(): string {
    return this.#message;
  }

  request(cause: StopCause, message: string): void {
    if (cause === 'over') this.#over.abort();
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    this.#message = message;
    this.#stopping.abort();
  }
}
