/** The deadlines of one call to another host, and which error its end is. */
import { isTrainyardError, TrainyardError } from '@trainyard/core/errors.ts';
import { problemOf } from './call-problem.ts';

interface Deadlines {
  readonly host: string;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Starts at once. Ends by `stop`, by a deadline or by the caller's signal; the last two tell those who asked with `onEnd`. */
export class CallClock {
  readonly #host: string;
  readonly #ending = new AbortController();
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #signal: AbortSignal | undefined;
  readonly #abort = (): void => this.#ending.abort(this.#signal?.reason);
  #isConnected = false;

  constructor({ host, timeoutMs, connectTimeoutMs, signal }: Deadlines) {
    this.#host = host;
    this.#signal = signal;
    this.#timers = [
      setTimeout(() => this.#ending.abort(this.#failure(`it did not answer within ${timeoutMs / 1000} s`)), timeoutMs),
      setTimeout(() => this.#isConnected || this.#ending.abort(this.#failure(`no connection within ${connectTimeoutMs / 1000} s`)), connectTimeoutMs),
    ];
    if (signal?.aborted === true) this.#abort();
    else signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** From now on the other side may have acted upon what it was sent. */
  connected(): void {
    this.#isConnected = true;
  }

  /** Rejects at a deadline or with the signal's reason, if that comes before `work` has settled. */
  async race<T>(work: Promise<T>): Promise<T> {
    const ended = new Promise<never>((_, reject) => this.onEnd(reject));
    return await Promise.race([work, ended]);
  }

  onEnd(tell: (reason: Error) => void): void {
    const { signal } = this.#ending;
    if (signal.aborted) tell(asError(signal.reason));
    else signal.addEventListener('abort', () => tell(asError(signal.reason)), { once: true });
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#signal?.removeEventListener('abort', this.#abort);
  }

  /** What the call ends with: its deadline, the caller's reason, or what the connection says. */
  errorFor(error: unknown): Error {
    if (this.#ending.signal.aborted) return asError(this.#ending.signal.reason);
    return isTrainyardError(error) ? error : this.#failure(problemOf(error), error);
  }

  broken(problem: string): TrainyardError {
    return new TrainyardError('OUTBOUND_BROKEN', { host: this.#host, problem });
  }

  #failure(problem: string, cause?: unknown): TrainyardError {
    return new TrainyardError(this.#isConnected ? 'OUTBOUND_BROKEN' : 'OUTBOUND_UNREACHABLE', { host: this.#host, problem }, { cause });
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('the call was given up', { cause: reason });
}
