import type { Pair } from './batch.ts';
import { LIMITS } from './limits.ts';
import { checkLength, invalid } from './names.ts';

/** Data a run used, as its client describes it. */
export interface Dataset {
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  readonly source: string;
  readonly schema?: string | undefined;
  readonly profile?: string | undefined;
}

export interface DatasetInput {
  readonly dataset: Dataset;
  readonly tags: readonly Pair[];
}

export function checkDatasets(inputs: readonly DatasetInput[]): void {
  if (inputs.length > LIMITS.datasetsPerBatch) throw invalid(`A batch logging request can contain at most ${LIMITS.datasetsPerBatch} datasets. Got ${inputs.length} datasets. Please split up datasets across multiple requests and try again.`);
  for (const { dataset, tags } of inputs) {
    checkLength(dataset.name, { what: 'name', limit: LIMITS.datasetNameLength });
    checkLength(dataset.digest, { what: 'digest', limit: LIMITS.datasetDigestLength });
    checkLength(dataset.source, { what: 'source', limit: LIMITS.datasetSourceLength });
    checkLength(dataset.schema ?? '', { what: 'schema', limit: LIMITS.datasetSchemaLength });
    checkLength(dataset.profile ?? '', { what: 'profile', limit: LIMITS.datasetProfileLength });
    for (const tag of tags) {
      checkLength(tag.key, { what: 'key', limit: LIMITS.inputTagKeyLength });
      checkLength(tag.value, { what: 'value', limit: LIMITS.inputTagValueLength });
    }
  }
}
