import { type FileHandle, open } from 'node:fs/promises';
import { Backoff, pause } from '../server/backoff.ts';
import { isPassing, problemOf } from '../server/persistent-call.ts';
import type { Answer, ServerLink } from '../server/server-link.ts';
import { Wake } from './wake.ts';

export interface LogShipperOptions {
  readonly link: ServerLink;
  readonly attempt: number;
  readonly path: string;
  /** Bytes that are in the file. */
  readonly sizeBytes: () => number;
  /** Aborted when nothing more is to be sent. */
  readonly signal: AbortSignal;
  readonly onAcknowledged: () => void;
  readonly onRefused: (problem: string) => void;
}

const BYTES_PER_CALL = 1024 * 1024;
/** Enough to be worth a call of its own at once. */
const WORTH_SENDING_BYTES = 64 * 1024;
/** A program that writes line by line costs at most 25 calls a second, and a reader still sees a line at once. */
const BETWEEN_SMALL_CALLS_MS = 40;
const FOREVER_MS = 2 ** 31 - 1;

/** Sends the log file by offsets, from the file and not from memory, until everything has arrived after `finish`. */
export class LogShipper {
  readonly #options: LogShipperOptions;
  readonly #wake = new Wake();
  readonly #backoff = new Backoff();
  readonly #buffer = Buffer.allocUnsafe(BYTES_PER_CALL);
  #sent = 0;
  readonly #finishing = new AbortController();
  #refused = false;

  constructor(options: LogShipperOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#wake.signal());
  }

  /** Bytes the server has. */
  get sent(): number {
    return this.#sent;
  }

  /** Has the server every byte? */
  get complete(): boolean {
    return this.#sent >= this.#options.sizeBytes();
  }

  wake(): void {
    this.#wake.signal();
  }

  /** The file does not grow any more: `run` returns when its last byte has arrived. */
  finish(): void {
    this.#finishing.abort();
    this.#wake.signal();
  }

  async run(): Promise<void> {
    const file = await open(this.#options.path, 'r');
    try {
      while (!this.#options.signal.aborted && !this.#refused) {
        if (!this.complete) await this.#send(file);
        else if (this.#finishing.signal.aborted) return;
        else await this.#wake.wait(FOREVER_MS);
      }
    } finally {
      await file.close();
    }
  }

  async #send(file: FileHandle): Promise<void> {
    const { link, attempt, signal } = this.#options;
    const offset = this.#sent;
    try {
      const { bytesRead } = await file.read(this.#buffer, 0, BYTES_PER_CALL, offset);
      const bytes = this.#buffer.subarray(0, bytesRead);
      const answer = await link.call({ method: 'PUT', path: `/api/v1/runner/log?attempt=${attempt}&offset=${offset}`, bytes, signal });
      this.#answered(answer);
    } catch {
      // no connection, or an answer cut short: as below, nothing has moved
    }
    if (this.#sent === offset && !this.#refused) return this.#backoff.pause(signal);
    this.#backoff.reset();
    const left = this.#options.sizeBytes() - this.#sent;
    if (left < WORTH_SENDING_BYTES) await pause(BETWEEN_SMALL_CALLS_MS, this.#finishing.signal);
  }

  #answered(answer: Answer): void {
    if (answer.status === 200) this.#moveTo((JSON.parse(answer.text) as { next: number }).next);
    else if (answer.status === 409) this.#moveTo((JSON.parse(answer.text) as { error: { expected?: number } }).error.expected ?? this.#sent);
    else if (answer.status >= 400 && !isPassing(answer.status) && !this.#options.signal.aborted) {
      this.#refused = true;
      this.#options.onRefused(problemOf(answer));
    }
  }

  #moveTo(next: number): void {
    this.#sent = Math.min(next, this.#options.sizeBytes());
    this.#options.onAcknowledged();
  }
}
