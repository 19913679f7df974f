/** MLflow's limits. Lengths are characters. */
export const LIMITS = {
  metricsPerBatch: 1000,
  paramsPerBatch: 100,
  tagsPerBatch: 100,
  entitiesPerBatch: 1000,
  batchBytes: 1_000_000,
  datasetsPerBatch: 1000,
  keyLength: 250,
  /** Longer values of params and tags of runs are cut, not refused. */
  paramValueLength: 6000,
  tagValueLength: 8000,
  experimentNameLength: 500,
  experimentTagValueLength: 20_000,
  datasetNameLength: 500,
  datasetDigestLength: 36,
  datasetSchemaLength: 1_048_575,
  datasetSourceLength: 65_535,
  datasetProfileLength: 16_777_215,
  inputTagKeyLength: 255,
  inputTagValueLength: 500,
  registryTagValueLength: 100_000,
  aliasLength: 255,
  /** Room for a list of 10,000 ids, the longest that is taken. */
  filterLength: 500_000,
  /** Of places of artifacts that clients name. */
  uriLength: 2048,
  experimentsPerPage: 50_000,
  runsPerPage: 50_000,
  loggedModelsPerPage: 50_000,
  registeredModelsPerPage: 1000,
  modelVersionsPerPage: 200_000,
} as const;
