import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RECORD_FORMAT } from '@trainyard/core/tracking/records/record.ts';
import type { Tally } from '@trainyard/core/tracking/records/tally.ts';
import type { Io } from '../io.ts';

/** How far an import has come. Everything before is on the server; what comes behind may be there too, which does no harm. */
export interface Progress {
  /** A kind of record, or `artifacts:` with one. */
  readonly phase: string;
  /** The last place that was acknowledged; undefined at the beginning of the phase. */
  readonly place: string | undefined;
  /** What was read and taken so far. */
  readonly sent: Tally;
  /** Runs that were refused: nothing more is sent for them. */
  readonly refusedRuns: readonly string[];
}

/**
 * Remembers how far an import came, in a file of this user, so that the same command goes on there. Losing it costs time, never
 * correctness: all that was sent already is recognised.
 */
export class Checkpoint {
  readonly file: string;
  readonly #key: string;

  /** `what` is everything that makes two imports the same one. */
  constructor(io: Pick<Io, 'env' | 'home'>, what: Readonly<Record<string, unknown>>) {
    // only its digest is kept: the address of a database may have a password in it
    this.#key = createHash('sha256').update(JSON.stringify({ format: RECORD_FORMAT, ...what })).digest('hex');
    const state = io.env['XDG_STATE_HOME'] || path.join(io.home, '.local', 'state');
    this.file = path.join(state, 'trainyard', 'imports', `${this.#key.slice(0, 16)}.json`);
  }

  /** Undefined when there is none, or none that can be read. */
  read(): Progress | undefined {
    try {
      const { key, progress } = JSON.parse(readFileSync(this.file, 'utf8')) as { key?: unknown; progress?: Progress };
      return key === this.#key ? progress : undefined;
    } catch {
      // not there, or cut short by a full disk: begin at the beginning
      return undefined;
    }
  }

  write(progress: Progress): void {
    mkdirSync(path.dirname(this.file), { recursive: true, mode: 0o700 });
    const part = `${this.file}.${process.pid}`;
    writeFileSync(part, JSON.stringify({ key: this.#key, progress }), { mode: 0o600 });
    renameSync(part, this.file);
  }

  remove(): void {
    rmSync(this.file, { force: true });
  }
}
