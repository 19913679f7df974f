import type { Readable } from 'node:stream';
import type { RunRecord } from '../stores/runs.ts';
import type { CurveBucket, CurveQuery } from '../stores/tracking.ts';
import type { Caller } from './tracking/authorize.ts';
import { type NotNoted, noteParameters } from './tracking/note-parameters.ts';
import type { Tracking } from './tracking/tracking.ts';

/** What the publish step of a runner says about the model. */
export interface PublishedModel {
  readonly name: string;
  readonly source: string;
  readonly modelId?: string | undefined;
  readonly aliases: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface RunTrackingParts {
  readonly tracking: Tracking;
  readonly paramsOf: (runId: string) => Promise<Record<string, string>>;
  readonly metricsOf: (runId: string) => Promise<Record<string, number>>;
}

/** MLflow's side of a run, as the native API shows it. */
export class RunTracking {
  readonly #parts: RunTrackingParts;

  constructor(parts: RunTrackingParts) {
    this.#parts = parts;
  }

  paramsOf(runId: string): Promise<Record<string, string>> {
    return this.#parts.paramsOf(runId);
  }

  metricsOf(runId: string): Promise<Record<string, number>> {
    return this.#parts.metricsOf(runId);
  }

  /** TRACKING_RUN_NOT_FOUND. */
  curve(caller: Caller, query: CurveQuery): Promise<readonly CurveBucket[]> {
    return this.#parts.tracking.runs.curve(caller, query);
  }

  /** Paths are relative to the artifacts of the run. */
  async listArtifacts(caller: Caller, run: RunRecord, path: string): Promise<{ path: string; isDirectory: boolean; sizeBytes?: number }[]> {
    const entries = await this.#parts.tracking.artifacts.listOfRun(caller, run.id, path);
    const below = path === '' ? '' : `${path.replace(/\/$/, '')}/`;
    return entries.map(({ name, sizeBytes }) => ({ path: `${below}${name}`, isDirectory: sizeBytes === undefined, ...(sizeBytes === undefined ? {} : { sizeBytes }) }));
  }

  async openArtifact(caller: Caller, run: RunRecord, path: string): Promise<{ bytes: Readable; sizeBytes: number }> {
    const artifact = await this.#parts.tracking.artifacts.openOfRun(caller, run.id, path);
    return { bytes: artifact.read(), sizeBytes: artifact.sizeBytes };
  }

  /** The hyperparameters of a run that has no runner to note them. Answers what could not be noted. TRACKING_RUN_NOT_FOUND. */
  async noteParameters(run: RunRecord | undefined): Promise<NotNoted> {
    if (run === undefined) return { refused: [], omitted: 0 };
    const { id, project, spec } = run;
    return noteParameters((batch) => this.#parts.tracking.runs.log({ kind: 'run', runId: id, project }, batch), id, spec.hyperParameters);
  }

  publish(run: RunRecord, model: PublishedModel): Promise<{ name: string; version: string }> {
    return this.#parts.tracking.registerRunModel({ runId: run.id, project: run.project, ...model });
  }
}
