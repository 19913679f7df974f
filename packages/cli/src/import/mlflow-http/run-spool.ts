import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { readRecord } from '@trainyard/core/tracking/records/read-record.ts';
import { RECORD_LIMITS, type RunRecord } from '@trainyard/core/tracking/records/record.ts';
import { writeRecord } from '@trainyard/core/tracking/records/write-record.ts';
import { fileLines } from '../directory/file-lines.ts';

/** A run as the server told it, and what of it is asked for later. */
export interface SpooledRun {
  readonly record: RunRecord;
  /** Names of its metrics. */
  readonly keys: readonly string[];
  /** The server reads its artifacts for us. */
  readonly hasFiles: boolean;
}

/**
 * Runs are searched for once, which is slow, and gone through several times: they wait in a file meanwhile. What they look like
 * stays the same for the whole import, whatever the server does.
 */
export class RunSpool {
  readonly #dir: string;

  static async fill(runs: AsyncIterable<SpooledRun>): Promise<RunSpool> {
    const spool = new RunSpool(await mkdtemp(path.join(tmpdir(), 'trainyard-import-')));
    try {
      await spool.#write(runs);
      return spool;
    } catch (error) {
      await spool.remove();
      throw error;
    }
  }

  private constructor(dir: string) {
    this.#dir = dir;
  }

  get #file(): string {
    return path.join(this.#dir, 'runs.ndjson');
  }

  async #write(runs: AsyncIterable<SpooledRun>): Promise<void> {
    const stream = createWriteStream(this.#file);
    const closed = finished(stream);
    closed.catch(() => undefined);
    for await (const { record, keys, hasFiles } of runs) {
      if (!stream.write(`${JSON.stringify({ record: writeRecord(record), keys, hasFiles })}\n`) && !stream.destroyed) await Promise.race([once(stream, 'drain'), closed]);
    }
    stream.end();
    await closed;
  }

  /** The runs behind one of them; all of them when it is not there. */
  async *read(behind?: string): AsyncGenerator<SpooledRun> {
    let isBehind = behind === undefined || !(await this.#has(behind));
    for await (const { text } of fileLines(this.#file, { maxBytes: RECORD_LIMITS.lineBytes * 2 })) {
      const { record, keys, hasFiles } = JSON.parse(text ?? '') as { record: string; keys: string[]; hasFiles: boolean };
      const run = readRecord(JSON.parse(record)) as RunRecord;
      if (isBehind) yield { record: run, keys, hasFiles };
      else isBehind = run.id === behind;
    }
  }

  remove(): Promise<void> {
    return rm(this.#dir, { recursive: true, force: true });
  }

  async #has(runId: string): Promise<boolean> {
    for await (const { text } of fileLines(this.#file, { maxBytes: RECORD_LIMITS.lineBytes * 2 })) if (text?.includes(runId) === true) return true;
    return false;
  }
}
