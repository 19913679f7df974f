import type { Reason } from './reason.ts';
import type { StepName, StepState } from './states.ts';

/** How an attempt ended, as the runner that carried it saw it. Times are milliseconds since 1970, UTC. */
export type Outcome = Success | Failure;

export interface Success {
  readonly ok: true;
  readonly endedAt: number;
}

export interface Failure {
  readonly ok: false;
  readonly endedAt: number;
  readonly reason: Reason;
  /** The step it happened in; absent when no step had begun. */
  readonly step?: StepName | undefined;
  readonly message: string;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  /** The last lines of the log, masked. */
  readonly lastLines?: string | undefined;
}

/**
 * What a runner tells the server, numbered from 1 within its attempt. The server keeps the highest number it has seen, so a
 * report that is sent twice counts once.
 */
export type Report =
  | { readonly kind: 'step'; readonly seq: number; readonly at: number; readonly step: StepName; readonly state: StepState; readonly message?: string | undefined; readonly exitCode?: number | undefined }
  | { readonly kind: 'note'; readonly seq: number; readonly at: number; readonly level: 'info' | 'warning'; readonly message: string }
  | { readonly kind: 'facts'; readonly seq: number; readonly at: number; readonly facts: Facts }
  | { readonly kind: 'outcome'; readonly seq: number; readonly at: number; readonly outcome: Outcome };

/** What became known while the attempt ran; a later report adds to an earlier one. */
export interface Facts {
  readonly commit?: string | undefined;
  readonly sourceDigest?: string | undefined;
  readonly environment?: string | undefined;
  readonly python?: string | undefined;
  readonly command?: string | undefined;
  readonly data?: readonly DataFact[] | undefined;
  readonly artifact?: ArtifactFact | undefined;
  readonly model?: ModelFact | undefined;
  /** What the program that trained says of its result by itself. */
  readonly declared?: DeclaredFact | undefined;
  /** What the engine calls the attempt: the id of a run of Databricks. Text, as it may be larger than a number can hold. */
  readonly externalId?: string | undefined;
  /** The engine's own page about the attempt; http(s). */
  readonly url?: string | undefined;
  /** What a notebook gave back at its end; cut when it is long, then the log has it whole. */
  readonly result?: string | undefined;
}

/** What a data binding brought. */
export interface DataFact {
  readonly connection: string;
  readonly localPath: string;
  readonly files: number;
  readonly sizeBytes: number;
  /** Names exactly these files: sha256 over their paths and contents, or a commit. */
  readonly version: string;
}

/** The trained model binary. `path` is relative to the run's artifacts. */
export interface ArtifactFact {
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Where else it was put: a URI without credentials. */
  readonly output?: string | undefined;
}

export interface DeclaredFact {
  /** As it calls its run, which may be one of another tracking server. */
  readonly runId?: string | undefined;
  readonly artifactName?: string | undefined;
}

export interface ModelFact {
  readonly name: string;
  readonly version: string;
}
