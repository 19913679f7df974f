import path from 'node:path';
import type { RecordKind } from '@trainyard/core/tracking/records/record.ts';
import { LocalFolders } from '../local-folders.ts';
import { missingNames, type RecordSource, type SourceItem } from '../record-source.ts';
import type { Context } from './context.ts';
import { countAll, leftOut } from './facts.ts';
import { loggedModels, modelVersions, registeredModels } from './models.ts';
import { modelPoints, points } from './points.ts';
import { datasets, experiments, runs } from './runs.ts';
import { readSchema } from './schema.ts';
import { scopeOf } from './scope.ts';
import { type SqlReader, text } from './sql-reader.ts';

export interface SqlSourceOptions {
  /** As people may see it: without a password. */
  readonly shown: string;
  readonly experiments: readonly string[] | undefined;
  readonly workspace: string;
  /** Directories with artifacts, absolute; none: those MLflow makes by itself. */
  readonly artifacts: readonly string[];
  /** Directory of the SQLite file. */
  readonly databaseDir: string | undefined;
  readonly cwd: string;
}

const READ: { readonly [K in RecordKind]: (context: Context, from?: string) => AsyncIterable<SourceItem<K>> } = {
  experiment: experiments,
  dataset: datasets,
  run: runs,
  points,
  logged_model: loggedModels,
  model_points: modelPoints,
  registered_model: registeredModels,
  model_version: modelVersions,
};

/** The database behind an MLflow server, or without one. */
export async function openSqlSource(reader: SqlReader, options: SqlSourceOptions): Promise<RecordSource> {
  const { shown, databaseDir, cwd } = options;
  const schema = await readSchema(reader, shown);
  const base = databaseDir ?? cwd;
  const folders = new LocalFolders({ base, directories: options.artifacts.length > 0 ? options.artifacts : [...new Set([base, cwd])].flatMap((dir) => ['mlruns', 'mlartifacts'].map((name) => path.join(dir, name))) });
  const context: Context = { reader, schema, scope: scopeOf(schema, options), folders };
  return {
    async facts() {
      const here = await folders.existing();
      const names = (await reader.all(`select name from experiments where ${context.scope.experiments.text}`, context.scope.experiments.values)).map((row) => text(row, 'name'));
      const warnings = [
        ...missingNames(options.experiments, names),
        ...(schema.mlflow === undefined ? [`its schema '${schema.revision}' is none this version was tried with; it has everything that is needed`] : []),
        ...(here.length === 0 ? ['no directory with artifacts was found: name it with --artifacts DIR, or only records come over'] : []),
      ];
      return { title: `${schema.mlflow ?? 'MLflow'} in ${shown}${here.length === 0 ? '' : `, artifacts in ${here.join(', ')}`}`, counts: await countAll(context), leftOut: await leftOut(context), warnings };
    },
    records: <K extends RecordKind>(kind: K, from?: string) => READ[kind](context, from) as AsyncIterable<SourceItem<K>>,
    remarks: () => [
      ...[...folders.outside].slice(0, 20).map((dir) => `artifacts in ${dir} were not read: it is outside of the directories that were named; add --artifacts with one above it`),
      ...[...folders.strange].slice(0, 20).map((file) => `${file} is no file: links and devices are not followed`),
    ],
    close: () => reader.close(),
  };
}
