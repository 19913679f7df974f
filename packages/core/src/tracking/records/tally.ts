import type { TransferRecord } from './record.ts';

/** What is counted on both sides of a transfer. */
export const COUNTED = ['experiments', 'datasets', 'runs', 'params', 'tags', 'metrics', 'points', 'datasetUses', 'modelLinks', 'loggedModels', 'modelPoints', 'registeredModels', 'modelVersions', 'aliases', 'artifacts', 'artifactBytes'] as const;
export type Counted = (typeof COUNTED)[number];

export type Tally = Readonly<Partial<Record<Counted, number>>>;

/** What a record accounts for. Points come in records of their own, and so are not counted with their run. */
export function tallyOf(record: TransferRecord): Tally {
  switch (record.kind) {
    case 'experiment':
      return { experiments: 1, tags: record.tags.length };
    case 'dataset':
      return { datasets: 1 };
    case 'run':
      return { runs: 1, params: record.params.length, tags: record.tags.length, datasetUses: record.datasets.length, modelLinks: record.inputModels.length + record.outputModels.length, ...(record.metrics === null ? {} : { metrics: record.metrics }) };
    case 'points':
      return { points: record.values.length };
    case 'logged_model':
      return { loggedModels: 1, params: record.params.length, tags: record.tags.length };
    case 'model_points':
      return { modelPoints: record.values.length };
    case 'registered_model':
      return { registeredModels: 1, tags: record.tags.length };
    case 'model_version':
      return { modelVersions: 1, tags: record.tags.length, aliases: record.aliases.length };
    default:
      return record satisfies never;
  }
}

export function addTally(a: Tally, b: Tally): Tally {
  const names = COUNTED.filter((name) => a[name] !== undefined || b[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)]));
}
