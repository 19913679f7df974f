import { join } from 'node:path';
import { ConnectionError, type Fetched, type FetchRequest } from '../connection.ts';
import { filesVersion, type HashedFile } from './files-version.ts';
import { findObjects, type Found, type FoundObject, named, nothingAt, withinLimits } from './find-objects.ts';
import { DiskThreads } from './incoming/disk-threads.ts';
import { IncomingFile, makeDirectory, removeFile } from './incoming/incoming-file.ts';
import { storeSmallFile } from './incoming/small-file.ts';
import { openStaging, removeEmptyDirectories, type Staging } from './incoming/staging.ts';
import type { ByteRange, ObjectStore, StoredObject } from './object-store.ts';
import { ProgressTeller } from './progress-teller.ts';
import { readObject, type ReadRequest, readWhole } from './read-object.ts';
import { PATIENT, retrying } from './retry.ts';
import { connectionErrorOf, StoreFailure } from './store-failure.ts';
import { TaskPool } from './task-pool.ts';

/** Requests at once. Small files are limited by the time of an answer, large ones by the network: more gained nothing in bench/transfers.ts. */
const AT_ONCE = 16;
/** Of a large file, by one request. */
const PIECE_BYTES = 8 * 1024 * 1024;
/** Up to this size a file is held in memory until it is whole. */
const SMALL_BYTES = 1024 * 1024;

export interface FetchObjectsRequest extends Pick<FetchRequest, 'into' | 'resumeDir' | 'limits' | 'reference' | 'onKind'> {
  /** From the root of the bucket. */
  readonly path: string;
}

interface FetchContext {
  readonly signal: AbortSignal;
  readonly progress?: ConstructorParameters<typeof ProgressTeller>[0];
}

/** Fills `into` with what is at a path, or leaves nothing there. Listing, transfers and hashing go on side by side in bounded memory. */
export async function fetchObjects(store: ObjectStore, request: FetchObjectsRequest, context: FetchContext): Promise<Fetched> {
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const what = named(store, request.path);
  const found = await findObjects({ store, path: request.path, retry: PATIENT, signal });
  if (found === undefined) throw nothingAt(store, request.path);
  request.onKind?.(found.kind);
  const checked = await begun(withinLimits(found.pages, request.limits, what));
  const staging = await openStaging({ into: request.into, resumeDir: request.resumeDir, place: what });
  const transfer = new Transfer(store, staging, { stop, signal, progress: new ProgressTeller(context.progress) });
  try {
    const files = await transfer.run(checked);
    const version = filesVersion(files);
    requireVersion(request.reference, version, what);
    await staging.finish();
    return { kind: found.kind, version, files: files.length, sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0), notes: [] };
  } catch (error) {
    await staging.giveUp();
    throw error;
  }
}

/** The first page is judged before anything is written. */
async function begun<T>(pages: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const iterator = pages[Symbol.asyncIterator]();
  const first = await iterator.next();
  return (async function* () {
    if (first.done === true) return;
    yield first.value;
    yield* { [Symbol.asyncIterator]: () => iterator };
  })();
}

/** Object stores keep no history: what was fetched before can only be asked for as long as it is there. */
function requireVersion(wanted: string | undefined, version: string, what: string): void {
  if (wanted === undefined || wanted === version) return;
  throw new ConnectionError('not_found', `${what} was asked for in the state '${wanted}', but is in the state '${version}': leave the reference out to take what is there now`);
}

interface Running {
  readonly stop: AbortController;
  readonly signal: AbortSignal;
  readonly progress: ProgressTeller;
}

class Transfer {
  readonly #store: ObjectStore;
  readonly #staging: Staging;
  readonly #running: Running;
  readonly #pool: TaskPool;
  readonly #threads = new DiskThreads();
  readonly #open = new Set<IncomingFile>();
  readonly #files: HashedFile[] = [];
  readonly #seen: Set<string> | undefined;
  readonly #directories = new Set<string>();

  constructor(store: ObjectStore, staging: Staging, running: Running) {
    [this.#store, this.#staging, this.#running] = [store, staging, running];
    this.#pool = new TaskPool(AT_ONCE, (error) => running.stop.abort(error));
    this.#seen = staging.journal === undefined ? undefined : new Set();
  }

  async run(pages: Found['pages']): Promise<readonly HashedFile[]> {
    const { stop, signal, progress } = this.#running;
    const total = { files: 0, bytes: 0 };
    try {
      for await (const page of pages) {
        for (const found of page) {
          if (!found.isDirectory) total.files++;
          total.bytes += found.object.sizeBytes;
          await this.#begin(found);
        }
      }
      progress.setTotal(total);
      await this.#pool.end();
      signal.throwIfAborted();
      await this.#removeGone();
      progress.tell();
      return this.#files;
    } catch (error) {
      stop.abort(error);
      await this.#pool.end().catch(() => undefined);
      signal.throwIfAborted();
      throw error;
    } finally {
      // before the files they read are closed
      await this.#threads.close();
      for (const file of this.#open) await file.close();
    }
  }

  async #begin(found: FoundObject): Promise<void> {
    const { tree, journal } = this.#staging;
    const { path, object, isDirectory } = found;
    this.#running.signal.throwIfAborted();
    if (isDirectory) {
      this.#directories.add(join(tree, path));
      return makeDirectory(tree, path, object.key);
    }
    this.#seen?.add(path);
    const isKept = journal?.kept(path, object) !== undefined;
    if (journal?.isNew === false && !isKept) await removeFile(tree, path);
    if (object.sizeBytes <= SMALL_BYTES && !isKept) return this.#pool.start(() => this.#fetchSmall(found));
    // opened by their own task, so that opening does not go one by one
    if (object.sizeBytes <= PIECE_BYTES) return this.#pool.start(async () => this.#fetchPieces(await this.#openFile(found)));
    const file = await this.#openFile(found);
    const pieces = file.missing(PIECE_BYTES);
    let left = pieces.length;
    for (const piece of pieces) {
      await this.#pool.start(async () => {
        await this.#fetchPiece(file, piece);
        if (--left === 0) await this.#finish(file);
      });
    }
    if (pieces.length === 0) await this.#pool.start(() => this.#finish(file));
  }

  async #openFile({ path, object }: FoundObject): Promise<IncomingFile> {
    const file = await IncomingFile.open(this.#staging.tree, path, { object, journal: this.#staging.journal, threads: this.#threads });
    this.#open.add(file);
    this.#running.progress.addBytes(file.bytes);
    return file;
  }

  async #fetchPieces(file: IncomingFile): Promise<void> {
    for (const piece of file.missing(PIECE_BYTES)) await this.#fetchPiece(file, piece);
    await this.#finish(file);
  }

  async #fetchPiece(file: IncomingFile, range: ByteRange): Promise<void> {
    await this.#telling(file, () => file.write(range.firstByte, readObject({ ...this.#reading(file.object), range, onMd5: (md5) => file.expectMd5(md5) })));
  }

  async #fetchSmall(found: FoundObject): Promise<void> {
    const { object, path } = found;
    const sha256 = await this.#telling(found, async () => {
      const whole = await readWhole(this.#reading(object));
      await this.#requireSame(object);
      return storeSmallFile(this.#staging.tree, path, { object, journal: this.#staging.journal, threads: this.#threads, ...whole });
    });
    this.#arrived(found, sha256);
  }

  #reading(object: StoredObject): Omit<ReadRequest, 'range' | 'onMd5'> {
    const { signal, progress } = this.#running;
    return { store: this.#store, object, retry: PATIENT, signal, onBytes: (count) => progress.addBytes(count) };
  }

  async #finish(file: IncomingFile): Promise<void> {
    const sha256 = await this.#telling(file, async () => {
      const digest = await file.finish();
      await this.#requireSame(file.object);
      return digest;
    });
    await file.close();
    this.#open.delete(file);
    this.#arrived(file, sha256);
  }

  #arrived({ path, object }: Pick<FoundObject, 'path' | 'object'>, sha256: string): void {
    this.#files.push({ path, sizeBytes: object.sizeBytes, sha256 });
    this.#running.progress.addFile();
  }

  /** Of stores that cannot tell while they are read. */
  async #requireSame(object: StoredObject): Promise<void> {
    const { signal } = this.#running;
    const isSame = this.#store.isSame === undefined || (await retrying(PATIENT, signal, async () => this.#store.isSame?.(object, signal)));
    if (isSame !== true) throw new StoreFailure('changed', 'it has another state now');
  }

  /** A failure names the object it is about, and bytes of an object that is no more as it was are of no use to anybody. */
  async #telling<T>({ path, object }: Pick<FoundObject, 'path' | 'object'>, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error;
      const what = named(this.#store, object.key);
      if (error.kind === 'changed' || error.kind === 'missing') await removeFile(this.#staging.tree, path);
      // a condition is not met by what is not there either
      const isGone = error.kind === 'missing' || (error.kind === 'changed' && (await this.#store.find(object.key, this.#running.signal)) === undefined);
      if (isGone) throw new ConnectionError('not_found', `${what} was deleted while it was being fetched (${error.word}): fetch again when nothing writes there`);
      throw connectionErrorOf(error, what, this.#store.credentials);
    }
  }

  /** What an earlier attempt brought and is not in the store any more. */
  async #removeGone(): Promise<void> {
    const { tree, journal } = this.#staging;
    if (journal === undefined || this.#seen === undefined) return;
    for (const path of journal.paths()) if (!this.#seen.has(path)) await removeFile(tree, path);
    await removeEmptyDirectories(tree, this.#directories);
  }
}
