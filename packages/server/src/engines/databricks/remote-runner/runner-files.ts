import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { messageOf } from '@trainyard/core/errors.ts';
import type { Clock } from '../clock.ts';
import type { RemoteFiles } from './remote-files.ts';
import { WRAPPER } from './wrapper.ts';

export interface RunnerFilesParts {
  readonly files: RemoteFiles;
  /** The runner as one file that needs nothing but Node. Throws when it cannot be had. */
  readonly runner: () => Promise<Uint8Array>;
  readonly clock: Clock;
}

/** What a runner needs cannot be had here, whatever the workspace says. */
export class NotPlaceable extends Error {
  override readonly name = 'NotPlaceable';
}

/** The Python file a task runs, and its arguments. */
export interface Program {
  readonly file: string;
  readonly parameters: readonly string[];
}

/** Somebody may tidy up the workspace: what is there was there this long ago. */
const LOOK_AGAIN_MS = 600_000;
const ORDER = 'order.json';
/** Compressed: what a workspace takes in one call is limited, and a cluster fetches it over a network. Done once for each version. */
const RUNNER = 'runner.mjs.gz';

/**
 * What runners need in the workspace. Wrapper and runner lie there once for each version, under their digest; the order of an
 * attempt, which has a token and secrets, lies in a directory of its own until the attempt has read it.
 */
export class RunnerFiles {
  readonly #parts: RunnerFilesParts;
  #there: { readonly dir: Promise<string>; readonly until: number } | undefined;

  constructor(parts: RunnerFilesParts) {
    this.#parts = parts;
  }

  /** Throws NotPlaceable when there is no runner to be had. */
  async check(): Promise<void> {
    await this.#runner();
  }

  /** Puts there what the attempt needs; again with the same key writes the same over. Throws NotPlaceable, WorkspaceRefusal, WorkspaceTrouble. */
  async place(key: string, order: string): Promise<Program> {
    const programs = await this.#programs();
    const dir = await this.#attemptDir(key);
    await this.#parts.files.write(`${dir}/${ORDER}`, Buffer.from(order));
    const wrapper = `${programs}/wrapper.py`;
    // on some clusters a program is not told where it lies
    return { file: wrapper, parameters: [wrapper, `${programs}/${RUNNER}`, dir, key] };
  }

  /** Throws WorkspaceRefusal, WorkspaceTrouble. */
  async remove(key: string): Promise<void> {
    await this.#parts.files.remove(await this.#attemptDir(key), [ORDER]);
  }

  async #attemptDir(key: string): Promise<string> {
    return `${await this.#parts.files.root()}/attempts/${key}`;
  }

  /** All that wait share one upload. */
  #programs(): Promise<string> {
    const now = this.#parts.clock.now();
    if (this.#there === undefined || this.#there.until <= now) {
      const made = { dir: this.#upload(), until: now + LOOK_AGAIN_MS };
      made.dir.catch(() => {
        if (this.#there === made) this.#there = undefined;
      });
      this.#there = made;
    }
    return this.#there.dir;
  }

  async #runner(): Promise<Uint8Array> {
    try {
      return await this.#parts.runner();
    } catch (error) {
      throw new NotPlaceable(`the runner cannot be brought to the engine's machines: ${messageOf(error)}`, { cause: error });
    }
  }

  async #upload(): Promise<string> {
    const { files } = this.#parts;
    const program = await this.#runner();
    const digest = createHash('sha256').update(WRAPPER).update('\0').update(program).digest('hex');
    const dir = `${await files.root()}/programs/${digest.slice(0, 32)}`;
    if (!(await files.has(`${dir}/${RUNNER}`))) await files.write(`${dir}/${RUNNER}`, gzipSync(program));
    if (!(await files.has(`${dir}/wrapper.py`))) await files.write(`${dir}/wrapper.py`, Buffer.from(WRAPPER));
    return dir;
  }
}
