import { join } from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { ArtifactStore } from './artifact-store.ts';
import type { Bucket } from './bucket.ts';
import { openBucketStore } from './bucket-store.ts';
import { type ArtifactLocation, parseLocation } from './location.ts';

export interface ArtifactsConfig {
  /** `local`, `s3://bucket/prefix`, `gs://bucket/prefix` or `wasbs://container@account.blob.core.windows.net/prefix`. */
  readonly location: string;
  readonly dataDir: string;
  /** Largest artifact. */
  readonly maxBytes: number;
  /** URL of the object store; undefined for the cloud's own. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly pathStyle: boolean;
  readonly direct: boolean;
  /** Where credentials come from. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Located<Kind> = Extract<ArtifactLocation, { readonly kind: Kind }>;

/** Every object store of the product; loaded when the configuration names it. */
const BUCKETS = {
  s3: async ({ bucket }: Located<'s3' | 'gcs'>, config: ArtifactsConfig) => (await import('./s3/bucket.ts')).openS3Bucket({ ...config, bucket }),
  gcs: async ({ bucket }: Located<'s3' | 'gcs'>, config: ArtifactsConfig) => (await import('./gcs/bucket.ts')).openGcsBucket({ ...config, bucket }),
  azureblob: async (where: Located<'azureblob'>, config: ArtifactsConfig) => (await import('./azureblob/bucket.ts')).openAzureContainer({ ...config, ...where }),
} as const;

/** Opens what the configuration names. Refuses, saying what to do, what cannot be used: better at the start than at the first upload. */
export async function openArtifactStore(config: ArtifactsConfig): Promise<ArtifactStore> {
  const where = parseLocation(config.location);
  if (where.kind === 'local') return (await import('./local/store.ts')).openLocalArtifacts(join(config.dataDir, 'artifacts'), config);
  const bucket = where.kind === 'azureblob' ? await BUCKETS.azureblob(where, config) : await BUCKETS[where.kind](where, config);
  if (config.direct) await requireSigning(bucket);
  return openBucketStore(bucket, { prefix: where.prefix, maxBytes: config.maxBytes, direct: config.direct });
}

/** Clients that are told of direct transfers do not do without them. */
async function requireSigning(bucket: Bucket): Promise<void> {
  try {
    await bucket.transfers.signDownload('check', { contentType: 'text/plain', contentDisposition: 'attachment' });
  } catch (error) {
    const advice = 'use credentials that can sign (a key of an account or of a service account), or start with --direct-transfers off';
    throw new TrainyardError('ARTIFACT_STORE_UNUSABLE', { store: bucket.location, problem: 'our credentials cannot sign URLs for clients', advice }, { cause: error });
  }
}
