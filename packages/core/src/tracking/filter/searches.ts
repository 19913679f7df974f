import { numeric, type SearchRules, textual, textualOrListed, textualOrNull } from './check.ts';

/** Columns are named as the stores name them. */
export type RunColumn = 'id' | 'name' | 'user_id' | 'status' | 'start_time' | 'end_time' | 'artifact_uri';
export type ExperimentColumn = 'id' | 'name' | 'creation_time' | 'last_update_time';
export type LoggedModelColumn = 'id' | 'name' | 'model_type' | 'source_run_id' | 'status' | 'creation_time' | 'last_update_time';

const runAttributes = { run_id: 'id', run_name: 'name', user_id: 'user_id', status: 'status', start_time: 'start_time', Created: 'start_time', created: 'start_time', end_time: 'end_time', artifact_uri: 'artifact_uri' } as const;

export const RUN_SEARCH: SearchRules<RunColumn> = {
  attributes: { ...runAttributes, 'Run name': 'name', 'run name': 'name', 'Run Name': 'name' },
  sortable: runAttributes,
  columns: { id: textualOrListed, name: textual, user_id: textual, status: textual, start_time: numeric, end_time: numeric, artifact_uri: textual },
  entities: { metric: numeric, param: textualOrNull, tag: textualOrNull, dataset: textualOrListed },
  sortableEntities: ['metric', 'param', 'tag'],
  keys: { dataset: ['name', 'digest', 'context'] },
};

export const EXPERIMENT_SEARCH: SearchRules<ExperimentColumn> = {
  attributes: { name: 'name', experiment_id: 'id', creation_time: 'creation_time', last_update_time: 'last_update_time' },
  columns: { id: textualOrListed, name: textual, creation_time: numeric, last_update_time: numeric },
  entities: { tag: textualOrNull },
  sortableEntities: [],
};

const loggedModelAttributes = { name: 'name', model_id: 'id', model_type: 'model_type', source_run_id: 'source_run_id', status: 'status', creation_timestamp: 'creation_time', creation_time: 'creation_time', last_updated_timestamp: 'last_update_time', last_updated_time: 'last_update_time' } as const;

export const LOGGED_MODEL_SEARCH: SearchRules<LoggedModelColumn> = {
  attributes: loggedModelAttributes,
  columns: { id: textualOrListed, name: textualOrListed, model_type: textualOrListed, source_run_id: textualOrListed, status: textualOrListed, creation_time: numeric, last_update_time: numeric },
  entities: { metric: numeric, param: textualOrListed, tag: textualOrListed },
  sortableEntities: ['metric'],
};
