import type { RECORD_FORMAT, RecordKind } from '@trainyard/core/tracking/records/record.ts';
import type { Tally } from '@trainyard/core/tracking/records/tally.ts';

/** The files of an export. docs/reference/export-format.md describes them. */
export const RECORD_FILES: { readonly [K in RecordKind]: string } = {
  experiment: 'records/experiments.ndjson',
  dataset: 'records/datasets.ndjson',
  run: 'records/runs.ndjson',
  points: 'records/points.ndjson',
  logged_model: 'records/logged-models.ndjson',
  model_points: 'records/model-points.ndjson',
  registered_model: 'records/registered-models.ndjson',
  model_version: 'records/model-versions.ndjson',
};

export const ARTIFACT_FILE = 'records/artifacts.ndjson';
/** Written last: a directory without it holds an export that was broken off. */
export const MANIFEST_FILE = 'manifest.json';

export interface Manifest {
  readonly format: typeof RECORD_FORMAT;
  readonly program: 'trainyard';
  /** Of the program that wrote it. */
  readonly version: string;
  /** RFC 3339. */
  readonly exportedAt: string;
  /** Names; null: everything. */
  readonly experiments: readonly string[] | null;
  readonly counts: Tally;
}

/** A line of `records/artifacts.ndjson`. */
export interface ArtifactEntry {
  readonly kind: 'artifact';
  readonly owner: 'run' | 'model';
  readonly id: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Where a file lies in the directory of an export. */
export function artifactFile({ owner, id, path }: Pick<ArtifactEntry, 'owner' | 'id' | 'path'>): string {
  return `artifacts/${owner === 'run' ? 'runs' : 'models'}/${id}/${path}`;
}
