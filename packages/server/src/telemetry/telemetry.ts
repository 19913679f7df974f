import type { EndState } from '@trainyard/core/training/states.ts';
import type { Logger } from '../platform/logger.ts';
import type { OutboundHttp } from '../platform/outbound/outbound-http.ts';

/** An HTTP call that was answered: what the route table and the status say, nothing of its URL, headers or body. */
export interface AnsweredRequest {
  readonly method: string;
  /** The pattern, as `/api/v1/runs/:id`; undefined when no route matched. */
  readonly route: string | undefined;
  readonly status: number;
  readonly durationMs: number;
}

/** A try of a run that is over. Times are milliseconds since 1970. */
export interface EndedAttempt {
  readonly run: number;
  readonly attempt: number;
  readonly engine: string;
  readonly toolchain: string;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Why it did not succeed, in the words of the runs; undefined when it did. */
  readonly reason: string | undefined;
}

/** A run that came to its end. */
export interface EndedRun {
  readonly state: EndState;
  readonly engine: string;
  readonly toolchain: string;
  /** From the request for it. */
  readonly durationMs: number;
}

/**
 * Tells somebody else's system how this server does. Laws:
 *  1. No call waits, and none throws: whatever becomes of what was told, the server does not notice.
 *  2. What cannot be sent takes bounded memory and nothing else; it is dropped, and the log says so once.
 *  3. `close` sends what is left and ends, after a few seconds at the latest, also when nobody answers.
 */
export interface Telemetry {
  requestAnswered(request: AnsweredRequest): void;
  attemptEnded(attempt: EndedAttempt): void;
  runEnded(run: EndedRun): void;
  close(): Promise<void>;
}

export interface TelemetryConfig {
  /** The setting that asked for it, for errors. */
  readonly setting: string;
  readonly instrumentationKey: string;
  /** Where it is sent, without a trailing slash. */
  readonly ingestionUrl: string;
  /** What this server is called there. */
  readonly role: string;
}

export interface TelemetryParts {
  readonly version: string;
  /** What the queue holds now. */
  readonly queueLength: () => Promise<number>;
  readonly outbound: OutboundHttp;
  readonly log: Logger;
}

/** Nobody is told. */
export const NO_TELEMETRY: Telemetry = {
  requestAnswered: () => undefined,
  attemptEnded: () => undefined,
  runEnded: () => undefined,
  close: () => Promise.resolve(),
};
