import { createHash, randomBytes } from 'node:crypto';
import type { ContainerClient } from '@azure/storage-blob';
import type { ByteRange, ObjectBytes, ObjectPage, ObjectStore, ObjectUpload, PageCursor, StoredObject } from '../transfer/object-store.ts';
import { StoreFailure, storeFailure } from '../transfer/store-failure.ts';

const MIN_BLOCK_BYTES = 8 * 2 ** 20;
const MAX_BLOCKS = 50_000;
const BLOCKS_AT_ONCE = 4;
/** Azure answers so many at most. */
const PAGE_SIZE = 5000;

/** A container of Azure's blob storage. */
export class AzureStore implements ObjectStore {
  readonly location: string;
  readonly credentials: string;
  readonly #container: ContainerClient;

  constructor(container: ContainerClient, credentials: string) {
    [this.#container, this.credentials] = [container, credentials];
    this.location = `azureblob://${container.containerName}`;
  }

  async list(prefix: string, cursor: PageCursor | undefined, signal: AbortSignal): Promise<ObjectPage> {
    const pages = this.#container.listBlobsFlat({ prefix, includeMetadata: true, abortSignal: signal }).byPage({ maxPageSize: PAGE_SIZE, ...(cursor === undefined ? {} : { continuationToken: cursor[0] ?? '' }) });
    const page = await ask(pages.next(), signal);
    if (page.done === true) return { objects: [], next: undefined };
    const { segment, continuationToken = '' } = page.value;
    const objects = segment.blobItems.map(({ name, metadata, properties }) => ({
      // with a hierarchical name space directories are blobs that say so
      key: isFolder(metadata) ? `${name}/` : name,
      sizeBytes: properties.contentLength ?? 0,
      tag: quoted(properties.etag),
      mayHaveMd5: properties.contentMD5 !== undefined,
    }));
    return { objects, next: continuationToken === '' ? undefined : [continuationToken] };
  }

  async find(key: string, signal: AbortSignal): Promise<StoredObject | undefined> {
    try {
      const { contentLength: sizeBytes = 0, etag, contentMD5, metadata } = await ask(this.#container.getBlobClient(key).getProperties({ abortSignal: signal }), signal);
      return isFolder(metadata) ? undefined : { key, sizeBytes, tag: quoted(etag), mayHaveMd5: contentMD5 !== undefined };
    } catch (error) {
      if (error instanceof StoreFailure && error.kind === 'missing') return undefined;
      throw error;
    }
  }

  async read({ key, tag }: StoredObject, { firstByte, nextByte }: ByteRange, signal: AbortSignal): Promise<ObjectBytes> {
    const answer = await ask(this.#container.getBlobClient(key).download(firstByte, nextByte - firstByte, { conditions: { ifMatch: tag }, maxRetryRequests: 0, abortSignal: signal }), signal);
    const { readableStreamBody: bytes, blobContentMD5: md5 } = answer;
    if (bytes === undefined) throw storeFailure({ status: 500, code: 'NoBody' });
    return { bytes: bytes as AsyncIterable<Uint8Array> & typeof bytes, md5: md5 === undefined ? undefined : Buffer.from(md5).toString('hex') };
  }

  async startPut(key: string, sizeBytes: number): Promise<ObjectUpload> {
    const blob = this.#container.getBlockBlobClient(key);
    // blocks of other uploads to the same name are there too; names of one blob have to be of one length
    const upload = randomBytes(12).toString('hex');
    const blockId = (number: number): string => Buffer.from(`${upload}-${String(number).padStart(5, '0')}`).toString('base64');
    let blocks = 0;
    return {
      partBytes: Math.max(MIN_BLOCK_BYTES, Math.ceil(sizeBytes / MAX_BLOCKS)),
      partsAtOnce: BLOCKS_AT_ONCE,
      async part(number, bytes, signal) {
        // an empty block is none
        if (bytes.length === 0) return;
        blocks = Math.max(blocks, number);
        await ask(blob.stageBlock(blockId(number), bytes, bytes.length, { transactionalContentMD5: createHash('md5').update(bytes).digest(), abortSignal: signal }), signal);
      },
      async complete(signal) {
        await ask(blob.commitBlockList(Array.from({ length: blocks }, (_, index) => blockId(index + 1)), { abortSignal: signal }), signal);
      },
      // Azure drops blocks that are not committed after a week, there is no call for it
      abort: async () => undefined,
    };
  }

  close(): void {
    // connections belong to the agents
  }
}

async function ask<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StoreFailure) throw error;
    const { name, code, statusCode, details } = (error ?? {}) as { name?: unknown; code?: unknown; statusCode?: number; details?: { errorCode?: unknown } };
    const word = [details?.errorCode, code, name].find((one) => typeof one === 'string' && one !== 'RestError' && one !== 'REQUEST_SEND_ERROR');
    throw storeFailure({ status: statusCode, code: String(word ?? '') });
  }
}

function isFolder(metadata: Readonly<Record<string, string>> | undefined): boolean {
  return Object.entries(metadata ?? {}).some(([name, value]) => name.toLowerCase() === 'hdi_isfolder' && value === 'true');
}

/** Lists have it without quotes, conditions want them. */
function quoted(etag = ''): string {
  return `"${etag.replaceAll('"', '')}"`;
}
