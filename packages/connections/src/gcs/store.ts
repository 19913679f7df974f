import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { HttpAgents } from '../transfer/http-agents.ts';
import { type HttpCall, httpCall, textOf } from '../transfer/http-call.ts';
import type { ByteRange, ObjectBytes, ObjectPage, ObjectStore, ObjectUpload, PageCursor, StoredObject } from '../transfer/object-store.ts';
import { StoreFailure, storeFailure } from '../transfer/store-failure.ts';

/** An access token, undefined for nobody's. */
export type Bearer = (signal: AbortSignal) => Promise<string | undefined>;

interface GcsOptions {
  readonly bucket: string;
  /** URL of the service. */
  readonly endpoint: string;
  readonly agents: HttpAgents;
  readonly bearer: Bearer;
  /** As messages call them. */
  readonly credentials: string;
}

/** Of Google's JSON API, as far as it is asked for. */
interface ObjectAnswer {
  readonly name?: string;
  readonly size?: string;
  readonly generation?: string;
  readonly md5Hash?: string;
}

const FIELDS = 'name,size,generation,md5Hash';
/** Of an upload; Google wants multiples of 256 KiB. */
const CHUNK_BYTES = 16 * 2 ** 20;

/** A bucket of Google Cloud Storage, over its JSON API: the library has no reads of one generation that are streams. */
export class GcsStore implements ObjectStore {
  readonly location: string;
  readonly credentials: string;
  readonly #options: GcsOptions;

  constructor(options: GcsOptions) {
    this.#options = options;
    this.location = `gs://${options.bucket}`;
    this.credentials = options.credentials;
  }

  async list(prefix: string, cursor: PageCursor | undefined, signal: AbortSignal): Promise<ObjectPage> {
    const query = { prefix, maxResults: '1000', fields: `nextPageToken,items(${FIELDS})`, ...(cursor === undefined ? {} : { pageToken: cursor[0] ?? '' }) };
    const page = await this.#json<{ readonly items?: readonly ObjectAnswer[]; readonly nextPageToken?: string }>({ method: 'GET', url: this.#url('', query), signal }).catch((error: unknown) => {
      throw error instanceof StoreFailure && error.kind === 'missing' ? new StoreFailure('missing_bucket', error.word) : error;
    });
    return { objects: (page.items ?? []).map(objectOf), next: page.nextPageToken === undefined || page.nextPageToken === '' ? undefined : [page.nextPageToken] };
  }

  async find(key: string, signal: AbortSignal): Promise<StoredObject | undefined> {
    try {
      return objectOf(await this.#json<ObjectAnswer>({ method: 'GET', url: this.#url(key, { fields: FIELDS }), signal }));
    } catch (error) {
      // a missing bucket is told by the listing that follows
      if (error instanceof StoreFailure && error.kind === 'missing') return undefined;
      throw error;
    }
  }

  async read({ key, sizeBytes, tag }: StoredObject, { firstByte, nextByte }: ByteRange, signal: AbortSignal): Promise<ObjectBytes> {
    const isWhole = firstByte === 0 && nextByte === sizeBytes;
    // what was stored as gzip comes as it was stored, in the size that was listed
    const headers = { 'accept-encoding': 'gzip', ...(isWhole ? {} : { range: `bytes=${firstByte}-${nextByte - 1}` }) };
    const answer = await this.#ask({ method: 'GET', url: this.#url(key, { alt: 'media', ifGenerationMatch: tag }), headers, signal });
    const generation = answer.headers['x-goog-generation'];
    if (generation === undefined || generation === tag) return { bytes: answer, md5: md5In(answer.headers['x-goog-hash']) };
    answer.destroy();
    throw storeFailure({ status: 412, code: '' });
  }

  async startPut(key: string, sizeBytes: number, signal: AbortSignal): Promise<ObjectUpload> {
    const url = new URL(`/upload/storage/v1/b/${encodeURIComponent(this.#options.bucket)}/o?${new URLSearchParams({ uploadType: 'resumable', name: key }).toString()}`, this.#options.endpoint);
    const headers = { 'content-type': 'application/json', 'x-upload-content-type': 'application/octet-stream', 'x-upload-content-length': String(sizeBytes) };
    const answer = await this.#ask({ method: 'POST', url, headers, body: '{}', signal });
    await textOf(answer, signal);
    const { location } = answer.headers;
    if (location === undefined) throw storeFailure({ status: 500, code: 'NoUploadLocation' });
    // our token goes to the host we were told of by the user, whatever the answer says
    const { pathname, search } = new URL(location, this.#options.endpoint);
    return this.#upload({ session: new URL(`${pathname}${search}`, this.#options.endpoint), sizeBytes, key });
  }

  close(): void {
    // connections belong to the agents
  }

  /** Chunks in order; the object is there when the last one is. */
  #upload({ session, sizeBytes, key }: { readonly session: URL; readonly sizeBytes: number; readonly key: string }): ObjectUpload {
    const md5 = createHash('md5');
    let hashed = 0;
    return {
      partBytes: CHUNK_BYTES,
      partsAtOnce: 1,
      part: async (number, body, signal) => {
        const first = (number - 1) * CHUNK_BYTES;
        if (hashed === first) md5.update(body);
        hashed = Math.max(hashed, first + body.length);
        const range = body.length === 0 ? `bytes */${sizeBytes}` : `bytes ${first}-${first + body.length - 1}/${sizeBytes}`;
        const isLast = first + body.length === sizeBytes;
        // Google compares it before it shows the object
        const hash = isLast ? { 'x-goog-hash': `md5=${md5.copy().digest('base64')}` } : {};
        await textOf(await this.#ask({ method: 'PUT', url: session, headers: { 'content-range': range, ...hash }, body, signal }, isLast ? undefined : 308), signal);
      },
      complete: async (signal) => {
        const stored = await this.find(key, signal);
        if (stored?.sizeBytes !== sizeBytes) throw storeFailure({ status: 500, code: 'SizeMismatch' });
      },
      // 499 is what Google answers to it
      abort: async (signal) => void (await this.#ask({ method: 'DELETE', url: session, signal }, 499)).resume(),
    };
  }

  #url(key: string, query: Readonly<Record<string, string>>): URL {
    const object = key === '' ? '' : `/${encodeURIComponent(key)}`;
    return new URL(`/storage/v1/b/${encodeURIComponent(this.#options.bucket)}/o${object}?${new URLSearchParams(query).toString()}`, this.#options.endpoint);
  }

  async #json<T>(call: HttpCall): Promise<T> {
    const text = await textOf(await this.#ask(call), call.signal);
    try {
      return JSON.parse(text) as T;
    } catch {
      throw storeFailure({ status: 500, code: 'NoJson' });
    }
  }

  /** Throws StoreFailure for every answer but success and the one status that is expected besides. */
  async #ask(call: HttpCall, expected?: number): Promise<IncomingMessage> {
    const token = await this.#options.bearer(call.signal);
    const headers = { ...call.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    const answer = await httpCall(this.#options.agents, { ...call, headers });
    const { statusCode: status = 0 } = answer;
    if ((status >= 200 && status < 300) || status === expected) return answer;
    throw storeFailure({ status, code: codeIn(await textOf(answer, call.signal)) });
  }
}

function objectOf({ name = '', size = '0', generation = '', md5Hash }: ObjectAnswer): StoredObject {
  return { key: name, sizeBytes: Number(size), tag: generation, mayHaveMd5: md5Hash !== undefined };
}

/** `crc32c=…,md5=…`; composed objects have no MD5. */
function md5In(hashes: string | readonly string[] | undefined): string | undefined {
  const base64 = /md5=([\w+/]{22}==)/.exec(String(hashes ?? ''))?.[1];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('hex');
}

function codeIn(text: string): string {
  return /"reason":\s*"([\w.-]+)"/.exec(text)?.[1] ?? /<Code>([\w.-]+)</.exec(text)?.[1] ?? '';
}
