import type { IncomingMessage } from 'node:http';
import type { ByteRange, ObjectBytes, ObjectPage, ObjectStore, ObjectUpload, StoredObject } from '../transfer/object-store.ts';
import { StoreFailure } from '../transfer/store-failure.ts';
import { type HttpFile, shown } from './http-url.ts';
import type { HttpServer } from './http-server.ts';

/** What a server tells of its file when it is asked for the first byte. */
export interface Probe {
  /** Undefined when it does not say. */
  readonly sizeBytes: number | undefined;
  /** It gives parts of the file, and can tell whether it is still the same one: what `if-range` takes. */
  readonly validator: string | undefined;
}

/** A server that gives parts of its file, as a store of this one object. */
export class HttpStore implements ObjectStore {
  readonly location: string;
  readonly credentials = 'username and password, or token, of the connection';
  readonly #server: HttpServer;
  readonly #object: StoredObject;

  constructor(server: HttpServer, { url, name }: HttpFile, { sizeBytes, tag }: { readonly sizeBytes: number; readonly tag: string }) {
    this.#server = server;
    this.location = shown(url).replace(/\/[^/]*$/, '');
    this.#object = { key: name, sizeBytes, tag, mayHaveMd5: false };
  }

  list(): Promise<ObjectPage> {
    return Promise.resolve({ objects: [], next: undefined });
  }

  find(): Promise<StoredObject> {
    return Promise.resolve(this.#object);
  }

  async read(object: StoredObject, { firstByte, nextByte }: ByteRange, signal: AbortSignal): Promise<ObjectBytes> {
    // a file that has changed is given whole
    const answer = await this.#server.get({ range: `bytes=${firstByte}-${nextByte - 1}`, 'if-range': object.tag }, { statuses: [206, 200, 416], signal });
    const { first, size } = contentRange(answer);
    if (answer.statusCode === 206 && first === firstByte && size === object.sizeBytes) return { bytes: answer };
    answer.destroy();
    throw new StoreFailure('changed', 'it is not the file any more that it was');
  }

  startPut(): Promise<ObjectUpload> {
    return Promise.reject(new StoreFailure('invalid', 'nothing is put there'));
  }

  close(): void {
    // the agents are closed by who made them
  }
}

/** Asks for one byte: servers that do not know HEAD, or do not allow it, know this. */
export async function probe(server: HttpServer, signal: AbortSignal): Promise<Probe> {
  const answer = await server.get({ range: 'bytes=0-0' }, { statuses: [200, 206, 416], signal });
  answer.destroy();
  const { size } = contentRange(answer);
  switch (answer.statusCode) {
    case 206:
      return { sizeBytes: size, validator: size === undefined ? undefined : validatorOf(answer) };
    case 416:
      // no first byte: the file is empty
      return { sizeBytes: 0, validator: undefined };
    default:
      return { sizeBytes: lengthOf(answer), validator: undefined };
  }
}

/** A weak ETag and a date that is hardly over are no proof of the same bytes. */
function validatorOf({ headers }: IncomingMessage): string | undefined {
  const { etag, 'last-modified': modified, date } = headers;
  if (etag !== undefined && !etag.startsWith('W/')) return etag;
  const ageMs = Date.parse(date ?? '') - Date.parse(modified ?? '');
  return ageMs >= 60_000 ? modified : undefined;
}

function contentRange({ headers }: IncomingMessage): { readonly first: number | undefined; readonly size: number | undefined } {
  const [, first, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  return { first: numberOf(first), size: numberOf(size) };
}

function lengthOf({ headers }: IncomingMessage): number | undefined {
  return numberOf(headers['content-length']);
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined || !/^\d{1,15}$/.test(text) ? undefined : Number(text);
}
