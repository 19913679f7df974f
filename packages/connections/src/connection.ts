/**
 * A place that sources (and later data) are fetched from. Laws, tested on every connection by connection.contract.ts:
 *  1. `fetch` fills `into`, a directory that is not there yet, or throws and leaves nothing in it.
 *  2. `version` names what was fetched: fetching it as the reference gives the same files again.
 *  3. Nothing that was fetched leads out of `into`: no links elsewhere, no devices.
 *  4. What is not there, may not be read, cannot be reached or is too large is a ConnectionError of that kind, and its message
 *     says what was asked, what was found and what to do.
 *  5. An aborted signal ends a call soon, and nothing it started lives on.
 *  6. No credential appears in a message, in the arguments of a program or in the files.
 */
export interface Connection {
  readonly type: string;
  /** Is the place there, and may it be read? Fetches nothing. */
  check(place: Place, context: ConnectionContext): Promise<void>;
  fetch(request: FetchRequest, context: ConnectionContext): Promise<Fetched>;
}

/** Where in the world, and which state of it. */
export interface Place {
  readonly url: string;
  /** Branch, tag, commit, version …; what the place itself takes for current when absent. */
  readonly reference?: string | undefined;
}

export interface FetchRequest extends Place {
  /** Absolute path of a directory that is not there yet. */
  readonly into: string;
  readonly limits: FetchLimits;
}

export interface FetchLimits {
  readonly bytes: number;
  readonly entries: number;
}

export interface Fetched {
  /** Commit, digest, generation: whatever names exactly these files for ever. */
  readonly version: string;
  /** What the user should know although it is no failure. */
  readonly notes: readonly string[];
}

export interface ConnectionContext {
  /** The environment for programs: PATH, HOME, proxies and certificates of the machine, and nothing secret. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
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
