import { type FileHandle, open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { messageOf } from '@trainyard/core/errors.ts';
import { pause } from '../server/backoff.ts';
import { BadMetricLine, type Metric, parseMetricLine } from './metric-line.ts';
import { METRICS_PER_CALL } from './tracking-api.ts';

export interface MetricsFileOptions {
  readonly path: string;
  /** Sends up to METRICS_PER_CALL metrics; keeps trying as long as that makes sense. */
  readonly send: (metrics: readonly Metric[]) => Promise<void>;
  readonly warn: (line: string) => void;
}

const LOOK_EVERY_MS = 200;
const READ_BYTES = 256 * 1024;
const LINE_LIMIT = 64 * 1024;
/** Enough to see the pattern; a program that writes nothing but bad lines must not fill the log. */
const NAMED_BAD_LINES = 10;

/**
 * Follows the file a program may write metrics to, of any language and without a client library: one line each, sent while
 * the program runs. A bad line costs a warning, never the training. What waits to be sent waits in the file.
 */
export class MetricsFile {
  readonly #options: MetricsFileOptions;
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES);
  readonly #decoder = new StringDecoder('utf8');
  readonly #ended = new AbortController();
  readonly #following: Promise<void>;
  #offset = 0;
  #line = 0;
  #partial = '';
  #badLines = 0;

  /** The file must be there. */
  constructor(options: MetricsFileOptions) {
    this.#options = options;
    this.#following = this.#follow();
    this.#following.catch(() => undefined); // thrown by `finish`
  }

  /** The program has ended: sends the rest, also of a last line without an end. */
  async finish(): Promise<void> {
    this.#ended.abort();
    await this.#following;
    if (this.#badLines > NAMED_BAD_LINES) this.#options.warn(`${this.#badLines} lines of the metrics file are not metrics; the first ${NAMED_BAD_LINES} were named`);
  }

  async #follow(): Promise<void> {
    const file = await open(this.#options.path, 'r');
    try {
      for (;;) {
        // asked before the look: what was written before the end is seen by a look that begins behind it
        const last = this.#ended.signal.aborted;
        while (await this.#look(file));
        if (last) break;
        await pause(LOOK_EVERY_MS, this.#ended.signal);
      }
      await this.#sendLines(this.#partial === '' ? [] : [this.#partial + this.#decoder.end()]);
    } finally {
      await file.close();
    }
  }

  /** False when there was nothing new. */
  async #look(file: FileHandle): Promise<boolean> {
    const { bytesRead } = await file.read(this.#buffer, 0, READ_BYTES, this.#offset);
    this.#offset += bytesRead;
    const lines = (this.#partial + this.#decoder.write(this.#buffer.subarray(0, bytesRead))).split('\n');
    this.#partial = (lines.pop() ?? '').slice(0, LINE_LIMIT);
    await this.#sendLines(lines);
    return bytesRead > 0;
  }

  async #sendLines(lines: readonly string[]): Promise<void> {
    const now = Date.now();
    const metrics = lines.flatMap((line) => this.#parse(line, now) ?? []);
    for (let i = 0; i < metrics.length; i += METRICS_PER_CALL) await this.#options.send(metrics.slice(i, i + METRICS_PER_CALL));
  }

  #parse(line: string, now: number): Metric | undefined {
    this.#line += 1;
    try {
      return parseMetricLine(line, now);
    } catch (error) {
      if (!(error instanceof BadMetricLine)) throw error;
      this.#badLines += 1;
      if (this.#badLines <= NAMED_BAD_LINES) this.#options.warn(`line ${this.#line} of the metrics file is left out: ${messageOf(error)}`);
      return undefined;
    }
  }
}
