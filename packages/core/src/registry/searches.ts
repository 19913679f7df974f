import { numeric, type SearchRules, textual, textualOrListed } from '../tracking/filter/check.ts';

/** Columns are named as the stores name them. */
export type RegisteredModelColumn = 'name' | 'last_update_time';
export type ModelVersionColumn = 'name' | 'version' | 'run_id' | 'source' | 'creation_time' | 'last_update_time';

export const REGISTERED_MODEL_SEARCH: SearchRules<RegisteredModelColumn> = {
  attributes: { name: 'name' },
  sortable: { name: 'name', timestamp: 'last_update_time', last_updated_timestamp: 'last_update_time' },
  columns: { name: textualOrListed, last_update_time: numeric },
  entities: { tag: textual },
  sortableEntities: [],
};

export const MODEL_VERSION_SEARCH: SearchRules<ModelVersionColumn> = {
  attributes: { name: 'name', version_number: 'version', run_id: 'run_id', source_path: 'source' },
  sortable: { name: 'name', version_number: 'version', creation_timestamp: 'creation_time', last_updated_timestamp: 'last_update_time' },
  columns: { name: textualOrListed, version: numeric, run_id: textualOrListed, source: textualOrListed, creation_time: numeric, last_update_time: numeric },
  entities: { tag: textual },
  sortableEntities: [],
};
