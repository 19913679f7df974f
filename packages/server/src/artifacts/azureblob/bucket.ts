import type { Readable } from 'node:stream';
import type { BlobServiceClient, ContainerClient } from '@azure/storage-blob';
import type { ByteRange } from '../artifact-store.ts';
import type { Bucket, BucketTransfers, ListedObject, ObjectFacts } from '../bucket.ts';
import { bucketProblem, type NamedStore, type StoreAnswer } from '../bucket-problem.ts';
import { uploadInParts } from '../upload-in-parts.ts';
import { blockId, newUploadId } from './block-id.ts';
import { openService } from './service.ts';
import { azureTransfers } from './transfers.ts';

export interface AzureOptions {
  readonly account: string;
  readonly container: string;
  /** Of the account, such as `blob.core.windows.net`. */
  readonly domain: string;
  /** Shown in errors. */
  readonly location: string;
  /** URL of the account at an emulator or behind a proxy; undefined for Azure's own. */
  readonly endpoint: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Largest blob. */
  readonly maxBytes: number;
}

const MIN_PART_BYTES = 8 * 2 ** 20;
const MAX_BLOCKS = 50_000;
const DELETIONS_AT_ONCE = 16;
/** As the other stores; Azure itself would answer five times as many. */
const PAGE_SIZE = 1000;
/** Of a download that breaks off; it goes on where it was. */
const RESUMPTIONS = 3;

/** A container of Azure's blob storage. Refuses, saying what to do, when it is missing or we may not use it. */
export async function openAzureContainer(options: AzureOptions): Promise<Bucket> {
  const container = new AzureContainer(options, await openService(options));
  await container.check();
  return container;
}

class AzureContainer implements Bucket {
  readonly location: string;
  readonly transfers: BucketTransfers;
  readonly #container: ContainerClient;
  readonly #partBytes: number;
  readonly #named: NamedStore;

  constructor(options: AzureOptions, service: BlobServiceClient) {
    this.location = options.location;
    this.#named = { location: options.location, credentials: 'AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCESS_KEY or the identity they come from' };
    this.#container = service.getContainerClient(options.container);
    this.#partBytes = Math.max(MIN_PART_BYTES, Math.ceil(options.maxBytes / MAX_BLOCKS));
    this.transfers = azureTransfers({ service, container: this.#container, ask: (answer) => this.#ask(answer) });
  }

  async check(): Promise<void> {
    await this.#ask(this.#container.listBlobsFlat().byPage({ maxPageSize: 1 }).next());
  }

  put(key: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const blob = this.#container.getBlockBlobClient(key);
    return uploadInParts<string>(bytes, {
      partBytes: this.#partBytes,
      whole: (body) => this.#ask(blob.upload(body, body.length)),
      start: async () => {
        const uploadId = newUploadId();
        return {
          part: async (number, body) => {
            const id = blockId(uploadId, number);
            await this.#ask(blob.stageBlock(id, body, body.length));
            return id;
          },
          complete: (ids) => this.#ask(blob.commitBlockList([...ids])),
          // Azure drops blocks that are not committed after a week, there is no call for it
          abort: async () => undefined,
        };
      },
    });
  }

  async stat(key: string): Promise<ObjectFacts | undefined> {
    try {
      const { contentLength, lastModified, etag } = await this.#container.getBlobClient(key).getProperties();
      return { sizeBytes: contentLength ?? 0, modifiedAt: lastModified?.getTime() ?? 0, version: etag ?? '' };
    } catch (error) {
      if (answerOf(error).status === 404) return undefined;
      throw bucketProblem(this.#named, answerOf(error), error);
    }
  }

  async read(key: string, version: string, range: ByteRange | undefined): Promise<Readable> {
    const [offset, count] = range === undefined ? [0, undefined] : [range.firstByte, range.lastByte - range.firstByte + 1];
    const { readableStreamBody } = await this.#ask(this.#container.getBlobClient(key).download(offset, count, { conditions: { ifMatch: version }, maxRetryRequests: RESUMPTIONS }));
    // in Node it is there, and a stream of Node
    return readableStreamBody as Readable;
  }

  async *list(prefix: string, { oneLevel, atMost }: { readonly oneLevel: boolean; readonly atMost?: number }): AsyncGenerator<ListedObject> {
    const settings = { maxPageSize: atMost ?? PAGE_SIZE };
    const pages = oneLevel ? this.#container.listBlobsByHierarchy('/', { prefix }).byPage(settings) : this.#container.listBlobsFlat({ prefix }).byPage(settings);
    for (;;) {
      const page = await this.#ask(pages.next());
      if (page.done === true) return;
      const segment: Segment = page.value.segment;
      for (const { name } of segment.blobPrefixes ?? []) yield { key: name, sizeBytes: undefined };
      for (const { name, properties } of segment.blobItems) yield { key: name, sizeBytes: properties.contentLength ?? 0 };
    }
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (let first = 0; first < keys.length; first += DELETIONS_AT_ONCE) {
      await Promise.all(keys.slice(first, first + DELETIONS_AT_ONCE).map((key) => this.#ask(this.#container.getBlobClient(key).deleteIfExists())));
    }
  }

  /** Azure drops the dots at the end of a segment. */
  refuses(segment: string): boolean {
    return segment.endsWith('.');
  }

  async #ask<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw bucketProblem(this.#named, answerOf(error), error);
    }
  }
}

/** Of a list of one level and of one of all. */
interface Segment {
  readonly blobPrefixes?: readonly { readonly name: string }[];
  readonly blobItems: readonly { readonly name: string; readonly properties: { readonly contentLength?: number } }[];
}

function answerOf(error: unknown): StoreAnswer {
  const { name, code, statusCode, details } = (error ?? {}) as { name?: unknown; code?: unknown; statusCode?: number; details?: { errorCode?: unknown } };
  const word = [details?.errorCode, code, name].find((one) => typeof one === 'string' && one !== 'RestError');
  return { status: statusCode, code: String(word ?? '') };
}
