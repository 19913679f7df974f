import type { LookupFunction } from 'node:net';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';

/**
 * A type of places that sources and data are fetched from and models are put to. Laws, tested on every connection by
 * connection.contract.ts:
 *  1. `fetch` fills `into`, a directory that is not there yet, or throws and leaves nothing in it.
 *  2. `version` names what was fetched. Where the place keeps its history, fetching it as the reference gives the same files.
 *  3. Nothing that was fetched leads out of `into`: no links elsewhere, no devices, no names that climb.
 *  4. What is not there, may not be read, cannot be reached or is too large is a ConnectionError of that kind, and its message
 *     says what was asked, what was found and what to do.
 *  5. An aborted signal ends a call soon, and nothing it started lives on.
 *  6. No credential appears in a message, in the arguments of a program or in the files.
 *  7. A fetch that broke off and is asked again with the same `resumeDir` does not fetch again what had arrived; a file that
 *     changed in between is fetched anew. A place that gives all in one piece (git), or cannot tell whether a file is still the
 *     same, begins anew.
 *  8. `put` leaves the whole file under its name, or what was there before.
 */
export interface Connection {
  readonly type: string;
  /** What it may be used for; a connection for nothing (docker, ecr) only keeps credentials. */
  readonly uses: readonly ConnectionUse[];
  /** What is wrong with its fields, in ODAHU's order and words where it has some. Empty: nothing. */
  problems(spec: ConnectionSpec): string[];
  /** Is the place there, and may it be read? Fetches nothing; ends within 10 s. */
  check(place: Place, context: ConnectionContext): Promise<Checked>;
  /** Throws ConnectionError `invalid` when the type can be nothing's source. */
  fetch(request: FetchRequest, context: ConnectionContext): Promise<Fetched>;
  /** Stores one file. Absent where nothing can be put. */
  put?(request: PutRequest, context: ConnectionContext): Promise<Stored>;
}

/** `source`: code; `data`: files for a training; `output`: what a training leaves. */
export type ConnectionUse = 'source' | 'data' | 'output';

/** Where in the world, and which state of it. */
export interface Place {
  readonly spec: ConnectionSpec;
  /** From the root of the bucket or server, instead of the path in `spec.uri`. With a slash at its end a directory is meant. */
  readonly path?: string | undefined;
  /** Branch, tag, commit, version …; what the place itself takes for current when absent. */
  readonly reference?: string | undefined;
}

export interface Checked {
  /** What the user should know although it is no failure. */
  readonly notes: readonly string[];
  /** Lines of known_hosts, where the place has host keys and the connection had pinned none. */
  readonly publicKey?: string | undefined;
}

export interface FetchRequest extends Place {
  /** Absolute path of a directory that is not there yet. A single file lies in it under its own name. */
  readonly into: string;
  /** Absolute path of a directory on the same disk where half-fetched files are kept for the next attempt. */
  readonly resumeDir?: string | undefined;
  readonly limits: FetchLimits;
  /** Told as soon as it is known, before anything is fetched. What it throws ends the fetch. */
  readonly onKind?: ((kind: Fetched['kind']) => void) | undefined;
}

export interface FetchLimits {
  readonly bytes: number;
  readonly entries: number;
}

export interface Fetched {
  /** A file when the place names one file, a directory when it names what is below it. */
  readonly kind: 'file' | 'directory';
  /** Commit, or sha256 over the paths and contents: whatever names exactly these files for ever. */
  readonly version: string;
  readonly files: number;
  readonly sizeBytes: number;
  /** What the user should know although it is no failure. */
  readonly notes: readonly string[];
}

export interface PutRequest {
  readonly spec: ConnectionSpec;
  /** File name, put below the path of `spec.uri`. */
  readonly name: string;
  /** Absolute path of the file. */
  readonly file: string;
  readonly sizeBytes: number;
}

export interface Stored {
  /** Where it is now, without credentials. */
  readonly uri: string;
}

export interface ConnectionContext {
  /** The environment for programs and credentials of the machine: PATH, HOME, proxies, certificates, cloud variables; nothing secret of ours. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Called now and then during a transfer; totals are 0 while they are not known. */
  readonly progress?: ((done: TransferProgress) => void) | undefined;
  /** Looks a host name up in place of the machine's own resolver, and refuses what may not be reached; the server gives one. */
  readonly lookup?: LookupFunction | undefined;
  /** Directories that connections of the type `local` may lie in; none when absent. */
  readonly localRoots?: readonly string[] | undefined;
}

export interface TransferProgress {
  readonly files: number;
  readonly totalFiles: number;
  readonly bytes: number;
  readonly totalBytes: number;
}

/**
 * `unreachable` may pass; the others will not without somebody doing something: `not_found`, `refused` (no access),
 * `invalid` (what is there cannot be used), `too_large`, `not_installed` (a program is missing here), `disk_full`.
 */
export type ConnectionProblem = 'unreachable' | 'not_found' | 'refused' | 'invalid' | 'too_large' | 'not_installed' | 'disk_full';

export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly problem: ConnectionProblem;

  constructor(problem: ConnectionProblem, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.problem = problem;
  }
}
