import { TrainyardError } from '@trainyard/core/errors.ts';
import type { SqlReader } from './sql-reader.ts';

/** What every MLflow since 2.4 has, and without which nothing can be brought over. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  experiments: ['experiment_id', 'name', 'artifact_location', 'lifecycle_stage', 'creation_time', 'last_update_time'],
  experiment_tags: ['key', 'value', 'experiment_id'],
  runs: ['run_uuid', 'name', 'user_id', 'status', 'start_time', 'end_time', 'lifecycle_stage', 'deleted_time', 'artifact_uri', 'experiment_id'],
  params: ['key', 'value', 'run_uuid'],
  tags: ['key', 'value', 'run_uuid'],
  metrics: ['key', 'value', 'timestamp', 'run_uuid', 'step', 'is_nan'],
  latest_metrics: ['key', 'run_uuid'],
  datasets: ['dataset_uuid', 'experiment_id', 'name', 'digest', 'dataset_source_type', 'dataset_source', 'dataset_schema', 'dataset_profile'],
  inputs: ['input_uuid', 'source_type', 'source_id', 'destination_type', 'destination_id'],
  input_tags: ['input_uuid', 'name', 'value'],
  registered_models: ['name', 'creation_time', 'last_updated_time', 'description'],
  registered_model_tags: ['key', 'value', 'name'],
  registered_model_aliases: ['alias', 'version', 'name'],
  model_versions: ['name', 'version', 'creation_time', 'last_updated_time', 'description', 'user_id', 'current_stage', 'source', 'run_id', 'status', 'run_link', 'storage_location'],
  model_version_tags: ['key', 'value', 'name', 'version'],
};

/** MLflow 3 has these, all or none. */
const LOGGED_MODELS: Readonly<Record<string, readonly string[]>> = {
  logged_models: ['model_id', 'experiment_id', 'name', 'artifact_location', 'creation_timestamp_ms', 'last_updated_timestamp_ms', 'status', 'lifecycle_stage', 'model_type', 'source_run_id', 'status_message'],
  logged_model_params: ['model_id', 'param_key', 'param_value'],
  logged_model_tags: ['model_id', 'tag_key', 'tag_value'],
  logged_model_metrics: ['model_id', 'metric_name', 'metric_timestamp_ms', 'metric_step', 'metric_value', 'run_id', 'dataset_name', 'dataset_digest'],
};

/** Heads of the schema that this was tried with: MLflow 2.22 and 3.17. Others are read when they have what is needed. */
const TRIED: Readonly<Record<string, string>> = { '0584bdc529eb': 'MLflow 2.22', dc11669786a5: 'MLflow 3.17' };

export interface ForeignSchema {
  /** The name of its last migration. */
  readonly revision: string;
  /** Which MLflow that is; undefined for one that this was not tried with. */
  readonly mlflow: string | undefined;
  readonly hasLoggedModels: boolean;
  /** Links of runs to models carry a step. */
  readonly hasInputSteps: boolean;
  /** Names are unique within a workspace only. */
  readonly hasWorkspaces: boolean;
}

/** Looks whether this is a database of MLflow, and one we can read. */
export async function readSchema(reader: SqlReader, shown: string): Promise<ForeignSchema> {
  if (!(await reader.columns('alembic_version')).has('version_num') || !(await reader.columns('experiments')).has('experiment_id')) {
    throw new TrainyardError('USAGE', { problem: `there is no MLflow in ${shown}: it has no tables of experiments`, advice: 'name what mlflow was given with --backend-store-uri' });
  }
  const [version] = await reader.all('select version_num from alembic_version');
  const revision = String(version?.['version_num'] ?? 'none');
  const missing = await missingColumns(reader, NEEDED);
  if (missing.length > 0) {
    throw new TrainyardError('USAGE', {
      problem: `the MLflow in ${shown} cannot be read: its schema is '${revision}', and it lacks ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ` and ${missing.length - 5} more` : ''}`,
      advice: 'bring it up to date with: mlflow db upgrade URI (of MLflow 2.22 or 3), on a copy if you like; or import from its server with http://',
    });
  }
  return {
    revision,
    mlflow: TRIED[revision],
    hasLoggedModels: (await missingColumns(reader, LOGGED_MODELS)).length === 0,
    hasInputSteps: (await reader.columns('inputs')).has('step'),
    hasWorkspaces: (await reader.columns('experiments')).has('workspace') && (await reader.columns('registered_models')).has('workspace'),
  };
}

async function missingColumns(reader: SqlReader, tables: Readonly<Record<string, readonly string[]>>): Promise<string[]> {
  const missing: string[] = [];
  for (const [table, columns] of Object.entries(tables)) {
    const there = await reader.columns(table);
    missing.push(...columns.filter((column) => !there.has(column)).map((column) => `${table}.${column}`));
  }
  return missing;
}
