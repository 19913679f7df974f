import type { DatasetSummary } from '../../tracking.ts';
import type { Database } from '../database.ts';

const CONTEXT_TAG = 'mlflow.data.context';

/** What the runs of these experiments used: each (experiment, name, digest, context) once, in that order. */
export async function searchDatasets({ read }: Database, experimentIds: readonly string[], limit: number): Promise<DatasetSummary[]> {
  const ids = experimentIds.map(Number).filter((id) => Number.isSafeInteger(id));
  if (ids.length === 0) return [];
  const rows = await read
    .selectFrom('datasets')
    .innerJoin('run_datasets', 'run_datasets.dataset_id', 'datasets.id')
    .leftJoin('run_dataset_tags', (on) => on.onRef('run_dataset_tags.run_id', '=', 'run_datasets.run_id').onRef('run_dataset_tags.dataset_id', '=', 'datasets.id').on('run_dataset_tags.key', '=', CONTEXT_TAG))
    .select(['datasets.experiment_id', 'datasets.name', 'datasets.digest', 'run_dataset_tags.value as context'])
    .distinct()
    .where('datasets.experiment_id', 'in', ids)
    .orderBy('datasets.experiment_id')
    .orderBy('datasets.name')
    .orderBy('datasets.digest')
    .orderBy('context')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ experimentId: String(row.experiment_id), name: row.name, digest: row.digest, context: row.context ?? undefined }));
}
