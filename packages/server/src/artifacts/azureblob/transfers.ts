import { BlobSASPermissions, type BlobServiceClient, type ContainerClient, generateBlobSASQueryParameters, SASProtocol, type SASQueryParameters, StorageSharedKeyCredential } from '@azure/storage-blob';
import type { BucketTransfers } from '../bucket.ts';
import { blockId, blockNumber, newUploadId } from './block-id.ts';

const MS_PER_SECOND = 1000;
/** How long clients have to send the parts of an upload, as with MLflow's own server. */
const PART_MS = 3600 * MS_PER_SECOND;
const DOWNLOAD_MS = 300 * MS_PER_SECOND;
/** Our clock may be ahead of Azure's. */
const SKEW_MS = 300 * MS_PER_SECOND;

interface AzureDoor {
  readonly service: BlobServiceClient;
  readonly container: ContainerClient;
  /** Turns what Azure says into our error. */
  readonly ask: <T>(answer: Promise<T>) => Promise<T>;
}

type Grant = { readonly permissions: 'r' | 'cw'; readonly forMs: number; readonly contentType?: string; readonly contentDisposition?: string };

/** Blocks of a blob, and downloads, by shared access signatures for that blob alone. */
export function azureTransfers({ service, container, ask }: AzureDoor): BucketTransfers {
  const { credential } = service;

  async function grant(key: string, { permissions, forMs, ...headers }: Grant): Promise<SASQueryParameters> {
    const [startsOn, expiresOn] = [new Date(Date.now() - SKEW_MS), new Date(Date.now() + forMs)];
    const protocol = container.url.startsWith('https:') ? SASProtocol.Https : SASProtocol.HttpsAndHttp;
    const signature = { containerName: container.containerName, blobName: key, permissions: BlobSASPermissions.parse(permissions), startsOn, expiresOn, protocol, ...headers };
    if (credential instanceof StorageSharedKeyCredential) return generateBlobSASQueryParameters(signature, credential);
    return generateBlobSASQueryParameters(signature, await ask(service.getUserDelegationKey(startsOn, expiresOn)), service.accountName);
  }

  return {
    startUpload: async () => newUploadId(),

    async signParts(key, { uploadId, count }) {
      // one signature is good for all blocks of the blob
      const signature = (await grant(key, { permissions: 'cw', forMs: PART_MS })).toString();
      const { url } = container.getBlobClient(key);
      return Array.from({ length: count }, (_, index) => ({ url: `${url}?comp=block&blockid=${encodeURIComponent(blockId(uploadId, index + 1))}&${signature}`, headers: {} }));
    },

    async listParts(key, uploadId) {
      const { uncommittedBlocks = [] } = (await ask(orNone(container.getBlockBlobClient(key).getBlockList('uncommitted')))) ?? {};
      const parts = uncommittedBlocks.flatMap(({ name, size }) => {
        const number = blockNumber(uploadId, name);
        return number === undefined ? [] : [{ number, tag: '', sizeBytes: size }];
      });
      return parts;
    },

    async completeUpload(key, { uploadId, parts }) {
      await ask(container.getBlockBlobClient(key).commitBlockList(parts.map(({ number }) => blockId(uploadId, number))));
    },

    // Azure drops blocks that are not committed after a week, there is no call for it
    abortUpload: async () => undefined,

    async signDownload(key, as) {
      const signature = await grant(key, { permissions: 'r', forMs: DOWNLOAD_MS, ...as });
      return { url: `${container.getBlobClient(key).url}?${signature.toString()}`, headers: {} };
    },
  };
}

async function orNone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}
