import path from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { artifactSegments } from '@trainyard/core/tracking/artifact-path.ts';
import { OWNER_IDS, type RECORD_FORMAT, type RecordKind } from '@trainyard/core/tracking/records/record.ts';
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

/**
 * Where a file lies in the directory of an export, `dir` being its absolute path. A server or somebody's export says whose file it
 * is and what it is called: INVALID_PATH for anything that does not lie below the directory of its owner.
 */
export function artifactFile(dir: string, { owner, id, path: file }: Pick<ArtifactEntry, 'owner' | 'id' | 'path'>): string {
  const owners = { run: 'runs', model: 'models' } as const;
  if (!Object.hasOwn(owners, owner) || !OWNER_IDS[owner].test(id)) throw new TrainyardError('INVALID_PATH', { path: `${id}/${file}` });
  artifactSegments(file);
  const root = path.join(dir, 'artifacts', owners[owner], id);
  const found = path.resolve(root, file);
  if (!found.startsWith(root + path.sep)) throw new TrainyardError('INVALID_PATH', { path: `${id}/${file}` });
  return found;
}
