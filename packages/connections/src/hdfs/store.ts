import { randomUUID } from 'node:crypto';
import type { ByteRange, ObjectBytes, ObjectPage, ObjectStore, ObjectUpload, PageCursor, StoredObject } from '../transfer/object-store.ts';
import { StoreFailure, storeFailure } from '../transfer/store-failure.ts';
import type { WebHdfs } from './web-hdfs.ts';

/** Of Hadoop's answers, as far as they are read. */
interface FileStatus {
  readonly pathSuffix: string;
  readonly type: 'FILE' | 'DIRECTORY' | 'SYMLINK';
  readonly length: number;
  readonly modificationTime: number;
  /** Of the inode: another file under the same name has another one. */
  readonly fileId?: number;
}

interface Listing {
  readonly DirectoryListing: { readonly partialListing: { readonly FileStatuses: { readonly FileStatus: readonly FileStatus[] } }; readonly remainingEntries: number };
}

/** More calls, smaller ones: what breaks off is sent again. */
const PART_BYTES = 16 * 2 ** 20;

/** A directory tree of Hadoop's file system, where a directory is what has a slash at its end. */
export class HdfsStore implements ObjectStore {
  readonly location: string;
  readonly credentials = 'username or token';
  readonly #hdfs: WebHdfs;

  constructor(hdfs: WebHdfs, location: string) {
    [this.#hdfs, this.location] = [hdfs, location];
  }

  /** A cursor holds the directories still to be listed, and behind a NUL the name that the first of them was listed up to. */
  async list(prefix: string, cursor: PageCursor | undefined, signal: AbortSignal): Promise<ObjectPage> {
    const [current = prefix, ...waiting] = cursor ?? [prefix];
    const [dir = '', startAfter = ''] = current.split('\0');
    const isFirst = cursor === undefined;
    const listing = await this.#listDirectory(dir, startAfter, signal).catch((error: unknown) => {
      if (isFirst && error instanceof StoreFailure && error.kind === 'missing') return undefined;
      throw error;
    });
    if (listing === undefined) return { objects: [], next: undefined };
    const { partialListing, remainingEntries } = listing.DirectoryListing;
    const entries = partialListing.FileStatuses.FileStatus;
    // a path that is a file lists itself, without a name
    if (isFirst && entries[0]?.pathSuffix === '') return { objects: [], next: undefined };
    const link = entries.find(({ type }) => type === 'SYMLINK');
    if (link !== undefined) throw new StoreFailure('invalid', `${dir}${link.pathSuffix} is a symbolic link`);
    const objects = entries.map((entry) => objectOf(`${dir}${entry.pathSuffix}`, entry));
    const more = remainingEntries > 0 ? [`${dir}\0${entries.at(-1)?.pathSuffix ?? ''}`] : [];
    const next = [...more, ...objects.filter(({ key }) => key.endsWith('/')).map(({ key }) => key), ...waiting];
    // the directory itself shows that it is there, even when it is empty
    return { objects: isFirst ? [{ key: prefix, sizeBytes: 0, tag: '', mayHaveMd5: false }, ...objects] : objects, next: next.length === 0 ? undefined : next };
  }

  async find(key: string, signal: AbortSignal): Promise<StoredObject | undefined> {
    try {
      const { FileStatus: status } = await this.#hdfs.json<{ readonly FileStatus: FileStatus }>({ method: 'GET', path: key, query: { op: 'GETFILESTATUS' }, signal });
      return status.type === 'FILE' ? objectOf(key, status) : undefined;
    } catch (error) {
      if (error instanceof StoreFailure && error.kind === 'missing') return undefined;
      throw error;
    }
  }

  async read(object: StoredObject, { firstByte, nextByte }: ByteRange, signal: AbortSignal): Promise<ObjectBytes> {
    try {
      return { bytes: await this.#hdfs.ask({ method: 'GET', path: object.key, query: { op: 'OPEN', offset: String(firstByte), length: String(nextByte - firstByte) }, signal }) };
    } catch (error) {
      // the blocks of a file that was written anew are gone, which data nodes tell in many ways
      if (error instanceof StoreFailure && error.kind === 'failed' && !(await this.isSame(object, signal))) throw storeFailure({ status: 412, code: '' });
      throw error;
    }
  }

  /** Hadoop reads whatever the name leads to now. */
  async isSame(object: StoredObject, signal: AbortSignal): Promise<boolean> {
    const now = await this.find(object.key, signal);
    if (now === undefined) throw storeFailure({ status: 404, code: '' });
    return now.tag === object.tag;
  }

  /** Written under another name beside it, which readers of directories pass over, and renamed at once. */
  async startPut(key: string, _sizeBytes: number, signal: AbortSignal): Promise<ObjectUpload> {
    const slash = key.lastIndexOf('/') + 1;
    const incoming = `${key.slice(0, slash)}.${randomUUID()}.incoming`;
    const hdfs = this.#hdfs;
    await create(hdfs, incoming, signal);
    return {
      partBytes: PART_BYTES,
      partsAtOnce: 1,
      part: async (number, bytes, abort) => {
        if (bytes.length === 0) return;
        await this.#append(incoming, { bytes, at: (number - 1) * PART_BYTES }, abort);
      },
      async complete(abort) {
        const { boolean: isRenamed } = await hdfs.json<{ readonly boolean?: boolean }>({ method: 'PUT', path: incoming, query: { op: 'RENAME', destination: `/${key}`, renameoptions: 'OVERWRITE' }, signal: abort });
        if (isRenamed === false) throw storeFailure({ status: 500, code: 'RenameFailed' });
      },
      async abort(abort) {
        await hdfs.json({ method: 'DELETE', path: incoming, query: { op: 'DELETE' }, signal: abort });
      },
    };
  }

  close(): void {
    // connections belong to the agents
  }

  async #listDirectory(dir: string, startAfter: string, signal: AbortSignal): Promise<Listing> {
    return this.#hdfs.json<Listing>({ method: 'GET', path: dir.replace(/\/$/, ''), query: { op: 'LISTSTATUS_BATCH', startAfter }, signal });
  }

  /** A repeated part may have arrived in part: what is there is cut back to where the part begins. */
  async #append(path: string, { bytes, at }: { readonly bytes: Buffer; readonly at: number }, signal: AbortSignal): Promise<void> {
    const there = await this.find(path, signal);
    if (there !== undefined && there.sizeBytes > at) await this.#truncate(path, at, signal);
    (await this.#hdfs.ask({ method: 'POST', path, query: { op: 'APPEND' }, body: bytes, signal })).resume();
  }

  async #truncate(path: string, sizeBytes: number, signal: AbortSignal): Promise<void> {
    // false: the last block is being cut, and until then nothing can be added
    const { boolean: isDone } = await this.#hdfs.json<{ readonly boolean?: boolean }>({ method: 'POST', path, query: { op: 'TRUNCATE', newlength: String(sizeBytes) }, signal });
    if (isDone !== true) throw storeFailure({ status: 503, code: 'Truncating' });
  }
}

async function create(hdfs: WebHdfs, path: string, signal: AbortSignal): Promise<void> {
  (await hdfs.ask({ method: 'PUT', path, query: { op: 'CREATE', overwrite: 'true' }, body: new Uint8Array(), signal })).resume();
}

function objectOf(path: string, { type, length, modificationTime, fileId = 0 }: FileStatus): StoredObject {
  return type === 'DIRECTORY' ? { key: `${path}/`, sizeBytes: 0, tag: '', mayHaveMd5: false } : { key: path, sizeBytes: length, tag: `${fileId}-${modificationTime}-${length}`, mayHaveMd5: false };
}
