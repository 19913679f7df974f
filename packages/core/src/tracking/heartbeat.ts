import { formatDuration, parseDuration } from '../duration.ts';
import { invalid } from './names.ts';

/** The tag by which a client promises to write to its run at least this often: `60s`. */
export const HEARTBEAT_TAG = 'trainyard.heartbeat';
/** The tag that says why a run ended badly. */
export const REASON_TAG = 'trainyard.reason';

const LEAST_MS = 1000;
const MOST_MS = 24 * 3_600_000;
/** A write may be late: a promise counts as broken after this many of its periods, and never before MARGIN_MS. */
const PERIODS = 3;
const MARGIN_MS = 30_000;

/** The period of a promise; undefined when it is none. */
export function readHeartbeat(text: string): number | undefined {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= LEAST_MS && ms <= MOST_MS ? ms : undefined;
}

/** Refuses a promise that nobody could hold the client to. */
export function checkHeartbeat(text: string): void {
  if (readHeartbeat(text) !== undefined) return;
  throw invalid(`Invalid value '${text}' for tag '${HEARTBEAT_TAG}': it must be a duration from ${formatDuration(LEAST_MS)} to ${formatDuration(MOST_MS)}, such as 60s`);
}

/** A run that its client has not ended, and that Trainyard did not launch. Times are milliseconds since 1970, by the server's clock. */
export interface OpenRun {
  readonly lastSeenAt: number;
  /** What its heartbeat tag says. */
  readonly promise: string | undefined;
}

export interface SilenceRules {
  readonly now: number;
  /** When this server began to listen. */
  readonly listeningSince: number;
  /** Nobody may be silent for longer; undefined: silence alone ends nothing. */
  readonly silentMs: number | undefined;
  /** How a time is written. */
  readonly timeText: (ms: number) => string;
}

/**
 * Why such a run counts as lost, or undefined while it does not. Silence alone proves nothing: most clients write nothing for
 * hours. So only who promised a sign of life and broke the promise is lost, or who is silent for longer than the operator of the
 * server allows anybody. The reason says what was seen and nothing more; the next write takes it back.
 */
export function lostReason(run: OpenRun, rules: SilenceRules): string | undefined {
  // what a client said while nobody listened is not its silence
  const silentForMs = rules.now - Math.max(run.lastSeenAt, rules.listeningSince);
  const since = rules.timeText(run.lastSeenAt);
  const promisedMs = run.promise === undefined ? undefined : readHeartbeat(run.promise);
  if (promisedMs !== undefined && silentForMs > Math.max(PERIODS * promisedMs, MARGIN_MS)) return `host_lost: its client promised a sign of life every ${formatDuration(promisedMs)} and gave none since ${since}`;
  if (rules.silentMs !== undefined && silentForMs > rules.silentMs) return `host_lost: its client gave no sign of life since ${since}, longer than this server allows (${formatDuration(rules.silentMs)})`;
  return undefined;
}
