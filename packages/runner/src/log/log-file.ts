import { closeSync, openSync, writeSync } from 'node:fs';
import type { AttemptLog, OutputStream } from '../attempt-log.ts';
import { isDiskFull } from '../disk-full.ts';
import { TailBytes } from '../process/tail-bytes.ts';
import type { Needles } from './needles.ts';
import { maskText, SecretMasker } from './secret-masker.ts';

export interface LogFileOptions {
  readonly path: string;
  /** Output of programs beyond this is not kept. Lines of the runner itself still are, up to `OWN_LINES_BYTES` more. */
  readonly limitBytes: number;
  readonly needles: Needles;
  /** There are new bytes in the file. */
  readonly onGrown: () => void;
  /** A line was said that the run's page should show as well. */
  readonly onWarning: (line: string) => void;
  /** Called once. */
  readonly onDiskFull: (error: unknown) => void;
}

export const OWN_LINES_BYTES = 64 * 1024;
const LAST_LINES = 50;
const LAST_BYTES = 16 * 1024;
const NEWLINE = 0x0a;

/**
 * The log of an attempt on disk: masked, append only, with an upper limit. It never blocks a program for longer than a write
 * to the page cache takes, and never fails it: what cannot be kept is counted and left out.
 */
export class LogFile implements AttemptLog {
  readonly #options: LogFileOptions;
  readonly #file: number;
  readonly #maskers: Readonly<Record<OutputStream, SecretMasker>>;
  /** The true end of the output, also when the file has reached its limit: that is where the reason of a failure stands. */
  readonly #tail = new TailBytes(LAST_BYTES);
  #sizeBytes = 0;
  #atLineStart = true;
  #limitReached = false;
  #diskIsFull = false;

  constructor(options: LogFileOptions) {
    this.#options = options;
    this.#file = openSync(options.path, 'a', 0o600);
    this.#maskers = { stdout: new SecretMasker(options.needles), stderr: new SecretMasker(options.needles) };
  }

  /** Bytes that are in the file. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  write(bytes: Uint8Array, stream: OutputStream = 'stdout'): void {
    this.#keep(this.#maskers[stream].push(bytes));
  }

  endOfOutput(): void {
    this.#keep(this.#maskers.stdout.end());
    this.#keep(this.#maskers.stderr.end());
  }

  say(line: string): void {
    const text = maskText(this.#options.needles, line)
      .split('\n')
      .map((one) => `[trainyard] ${one}\n`)
      .join('');
    this.#append(Buffer.from(this.#atLineStart ? text : `\n${text}`), this.#options.limitBytes + OWN_LINES_BYTES);
  }

  warn(line: string): void {
    this.say(`warning: ${line}`);
    this.#options.onWarning(line);
  }

  /** The end of the output in valid text: at most 50 lines and 16 KiB. */
  lastLines(): string {
    const lines = this.#tail.text().split('\n');
    const complete = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
    return complete.slice(-LAST_LINES).join('\n');
  }

  close(): void {
    this.endOfOutput();
    closeSync(this.#file);
  }

  #keep(bytes: Uint8Array): void {
    this.#append(bytes, this.#options.limitBytes);
    if (this.#limitReached || this.#sizeBytes < this.#options.limitBytes || this.#diskIsFull) return;
    this.#limitReached = true;
    this.warn(`the log has reached its limit of ${this.#options.limitBytes} bytes; the program goes on, what it writes from here is not kept`);
  }

  #append(bytes: Uint8Array, limitBytes: number): void {
    if (bytes.length === 0) return;
    this.#tail.add(bytes);
    const kept = bytes.subarray(0, Math.max(0, limitBytes - this.#sizeBytes));
    if (kept.length === 0 || this.#diskIsFull) return;
    try {
      for (let done = 0; done < kept.length; ) {
        const written = writeSync(this.#file, kept, done);
        done += written;
        this.#sizeBytes += written;
        this.#atLineStart = kept[done - 1] === NEWLINE;
      }
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      this.#diskIsFull = true;
      this.#options.onDiskFull(error);
    }
    this.#options.onGrown();
  }
}
