import type { Readable, Writable } from 'node:stream';

/** Where a command reads and writes: the process's own streams, or those of a test. */
export type OutStream = Writable & { readonly isTTY?: boolean | undefined; readonly columns?: number | undefined };
export type InStream = Readable & { readonly isTTY?: boolean | undefined; setRawMode?(on: boolean): unknown };

/** Environment variables, read once at the door and passed on. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Everything of the process a command may touch. */
export interface Io {
  readonly stdin: InStream;
  readonly stdout: OutStream;
  readonly stderr: OutStream;
  readonly env: Env;
  /** Absolute. */
  readonly cwd: string;
  /** The user's home directory, absolute. */
  readonly home: string;
  /** The file of the program itself, with which it starts a server; undefined where there is none. */
  readonly program?: string | undefined;
  /** The command was given to `trainyard local`, and so must be what it tells people to type. */
  readonly local?: boolean | undefined;
  /** Aborted by Ctrl-C, SIGTERM or the end of the terminal. */
  readonly interrupted: AbortSignal;
  /** Aborted when whoever reads the output has gone (`| head`): an end for what is only shown, never for what is to be done. */
  readonly readerGone: AbortSignal;
}

/** Why a command is to end early; the reason of `Io.interrupted`. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  readonly by: 'ctrl_c' | 'terminated';

  constructor(by: Interruption['by']) {
    super(`interrupted (${by})`);
    this.by = by;
  }
}
