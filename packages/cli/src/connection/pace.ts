/** How long the command line waits for a server. One object, so that tests can be quick without waiting on real time. */
export interface Pace {
  /** An ordinary call that is not answered by then counts as unreachable. */
  readonly callMs: number;
  /** Pauses between two tries while the server is gone: doubled from the first to the longest. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** How long a server may be gone before a command that waits gives up. */
  readonly patienceMs: number;
  /** A run is looked at this often without events, */
  readonly pollMs: number;
  /** and this often with them: an event is a hint, looking is the truth. */
  readonly idlePollMs: number;
  /** How long the end of a step waits for the last bytes of its log. */
  readonly drainMs: number;
}

export const PACE: Pace = {
  callMs: 30_000,
  firstPauseMs: 250,
  longestPauseMs: 5_000,
  patienceMs: 600_000,
  pollMs: 1_000,
  idlePollMs: 15_000,
  drainMs: 2_000,
};
