import type { DatasetInput } from '@trainyard/core/tracking/dataset.ts';
import type { ModelLink, TrackingRunInfo } from '../../tracking.ts';
import type { Trx } from '../database.ts';
import { insertRows } from '../insert-rows.ts';

/** Links data to a run. Data is known by (experiment, name, digest); what is there already stays as it is, tags too. */
export async function insertInputs(trx: Trx, run: TrackingRunInfo, inputs: readonly DatasetInput[]): Promise<void> {
  if (inputs.length === 0) return;
  const experimentId = Number(run.experimentId);
  const rows = inputs.map(({ dataset }) => ({
    experiment_id: experimentId,
    name: dataset.name,
    digest: dataset.digest,
    source_type: dataset.sourceType,
    source: dataset.source,
    schema: dataset.schema ?? null,
    profile: dataset.profile ?? null,
  }));
  await insertRows(trx, { table: 'datasets', more: (insert) => insert.onConflict((conflict) => conflict.columns(['experiment_id', 'name', 'digest']).doNothing()) }, rows);
  const ids = await datasetIds(trx, experimentId, inputs);
  const links = inputs.map((input) => ({ run_id: run.id, dataset_id: idOf(ids, input) }));
  await insertRows(trx, { table: 'run_datasets', more: (insert) => insert.onConflict((conflict) => conflict.doNothing()) }, links);
  const tags = inputs.flatMap((input) => input.tags.map(({ key, value }) => ({ run_id: run.id, dataset_id: idOf(ids, input), key, value })));
  await insertRows(trx, { table: 'run_dataset_tags', more: (insert) => insert.onConflict((conflict) => conflict.doNothing()) }, tags);
}

async function datasetIds(trx: Trx, experimentId: number, inputs: readonly DatasetInput[]): Promise<ReadonlyMap<string, number>> {
  const names = [...new Set(inputs.map((input) => input.dataset.name))];
  const rows = await trx.selectFrom('datasets').select(['id', 'name', 'digest']).where('experiment_id', '=', experimentId).where('name', 'in', names).execute();
  return new Map(rows.map((row) => [JSON.stringify([row.name, row.digest]), row.id]));
}

function idOf(ids: ReadonlyMap<string, number>, { dataset }: DatasetInput): number {
  const id = ids.get(JSON.stringify([dataset.name, dataset.digest]));
  if (id === undefined) throw new Error(`the dataset '${dataset.name}' was not stored`);
  return id;
}

/** Links logged models to a run; a link that is there stays. */
export async function insertModelLinks(trx: Trx, to: { readonly runId: string; readonly direction: 'input' | 'output' }, models: readonly ModelLink[]): Promise<void> {
  const rows = models.map((model) => ({ run_id: to.runId, direction: to.direction, model_id: model.modelId, step: model.step }));
  await insertRows(trx, { table: 'run_models', more: (insert) => insert.onConflict((conflict) => conflict.doNothing()) }, rows);
}
