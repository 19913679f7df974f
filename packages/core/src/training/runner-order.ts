import type { ConnectionSpec } from '../connection/connection-spec.ts';
import type { TrainingSpec } from './spec.ts';
import type { ToolchainIntegrationSpec } from './toolchain-integration.ts';

/**
 * What an engine hands to a runner: everything it needs to carry out one attempt. Written as JSON into a private file that
 * the runner removes as soon as it has read it, because it holds a token and secrets.
 */
export interface RunnerOrder {
  /** Base URL of the server, without a trailing slash. */
  readonly server: string;
  /** Valid for this run only, revoked at its end. */
  readonly token: string;
  readonly training: string;
  /** 32 hex digits; the MLflow run has the same. */
  readonly run: string;
  readonly runNumber: number;
  readonly attempt: number;
  readonly experimentId: string;
  readonly spec: TrainingSpec;
  /** Environment variable → secret value; masked in everything the runner sends. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Id → connection with its secrets: every one the spec names, and no other. The secrets are masked like the others. */
  readonly connections: Readonly<Record<string, ConnectionSpec>>;
  /** When `spec.toolchain` is one that users have added. */
  readonly toolchain?: ToolchainIntegrationSpec | undefined;
  readonly limits: RunnerLimits;
  /** Directories of the machine that connections of the type local may lie in; none when absent. */
  readonly localRoots?: readonly string[] | undefined;
}

export interface RunnerLimits {
  /** Bytes of log that are kept for an attempt. */
  readonly logBytes: number;
  /** Bytes and entries an unpacked source may have. */
  readonly sourceBytes: number;
  readonly sourceEntries: number;
  /** Bytes and entries all data bindings may bring together. */
  readonly dataBytes: number;
  readonly dataEntries: number;
  /** Bytes all cached environments may take together. */
  readonly environmentBytes: number;
  /** How long reports that could not be delivered are tried again after the end. */
  readonly deliverForMs: number;
}

/** What the server answers to reports: an attempt that is over for it must stop, and so must one that was asked to. */
export interface ReportAnswer {
  readonly lastSeq: number;
  readonly stop: boolean;
}
