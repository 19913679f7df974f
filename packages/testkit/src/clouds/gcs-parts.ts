import { createHash, randomUUID } from 'node:crypto';

/** Google's rule for all parts but the last. */
const MIN_PART_BYTES = 5 * 2 ** 20;

interface Upload {
  readonly object: string;
  readonly parts: Map<number, Buffer>;
}

export interface PartsAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The object is whole now, and goes where objects are kept. */
  readonly object?: { readonly path: string; readonly bytes: Buffer };
}

/** Uploads in parts of Google's XML API, which the emulator does not have. Refuses what Google refuses. */
export class GcsParts {
  readonly #uploads = new Map<string, Upload>();

  /** Undefined for what is no call of such an upload. `path` is `/bucket/key` as it was sent. */
  answer(call: { readonly method: string; readonly path: string; readonly query: URLSearchParams }, body: () => Promise<Buffer>): Promise<PartsAnswer> | undefined {
    const { method, path, query } = call;
    const id = query.get('uploadId');
    if (method === 'POST' && query.has('uploads')) return Promise.resolve(this.#start(path));
    if (id === null) return undefined;
    const upload = this.#uploads.get(id);
    if (upload?.object !== path) return Promise.resolve(failure(404, 'NoSuchUpload'));
    switch (method) {
      case 'PUT':
        return body().then((bytes) => putPart(upload, Number(query.get('partNumber')), bytes));
      case 'GET':
        return Promise.resolve({ status: 200, body: `<ListPartsResult><IsTruncated>false</IsTruncated>${[...upload.parts].map(partXml).join('')}</ListPartsResult>` });
      case 'POST':
        return body().then((bytes) => this.#complete(id, upload, bytes.toString()));
      case 'DELETE':
        this.#uploads.delete(id);
        return Promise.resolve({ status: 204, body: '' });
      default:
        return Promise.resolve(failure(405, 'MethodNotAllowed'));
    }
  }

  #start(object: string): PartsAnswer {
    const id = randomUUID();
    this.#uploads.set(id, { object, parts: new Map() });
    return { status: 200, body: `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>` };
  }

  #complete(id: string, upload: Upload, xml: string): PartsAnswer {
    const named = [...xml.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>([^<]*)<\/ETag>/g)].map(([, number, tag = '']) => ({ bytes: upload.parts.get(Number(number)), tag: tag.replaceAll('&quot;', '"') }));
    const bytes = named.flatMap((part) => (part.bytes !== undefined && tagOf(part.bytes) === part.tag ? [part.bytes] : []));
    if (bytes.length === 0 || bytes.length !== named.length) return failure(400, 'InvalidPart');
    if (bytes.slice(0, -1).some((part) => part.length < MIN_PART_BYTES)) return failure(400, 'EntityTooSmall');
    this.#uploads.delete(id);
    return { status: 200, body: '<CompleteMultipartUploadResult></CompleteMultipartUploadResult>', object: { path: upload.object, bytes: Buffer.concat(bytes) } };
  }
}

function putPart({ parts }: Upload, number: number, bytes: Buffer): PartsAnswer {
  if (!(number >= 1 && number <= 10_000)) return failure(400, 'InvalidArgument');
  parts.set(number, bytes);
  return { status: 200, body: '', headers: { etag: tagOf(bytes) } };
}

function partXml([number, bytes]: [number, Buffer]): string {
  return `<Part><PartNumber>${number}</PartNumber><ETag>${tagOf(bytes).replaceAll('"', '&quot;')}</ETag><Size>${bytes.length}</Size></Part>`;
}

function tagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}

function failure(status: number, code: string): PartsAnswer {
  return { status, body: `<Error><Code>${code}</Code></Error>` };
}
