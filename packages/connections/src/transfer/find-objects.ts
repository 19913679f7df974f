import { ConnectionError, type FetchLimits } from '../connection.ts';
import type { ObjectStore, PageCursor, StoredObject } from './object-store.ts';
import { type RetryPolicy, retrying } from './retry.ts';
import { safePath } from './safe-path.ts';
import { connectionErrorOf, StoreFailure } from './store-failure.ts';

/** An object and where it belongs below the directory that is filled. */
export interface FoundObject {
  readonly path: string;
  readonly object: StoredObject;
  /** It only marks a directory. */
  readonly isDirectory: boolean;
}

export interface Found {
  readonly kind: 'file' | 'directory';
  /** In the order of the store. */
  readonly pages: AsyncIterable<readonly FoundObject[]>;
}

interface Search {
  readonly store: ObjectStore;
  /** From the root of the bucket; with a slash at its end a directory is meant. */
  readonly path: string;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal;
}

/** A place of a bucket as messages name it. */
export function named(store: ObjectStore, key: string): string {
  return `${store.location}/${key}`;
}

/** What a path means: the object of exactly that name, otherwise all that begins with it and a slash. Undefined when there is neither. */
export async function findObjects({ store, path, retry, signal }: Search): Promise<Found | undefined> {
  try {
    const object = path === '' || path.endsWith('/') ? undefined : await retrying(retry, signal, () => store.find(path, signal));
    if (object !== undefined) return { kind: 'file', pages: onePage([{ path: safePath(path.slice(path.lastIndexOf('/') + 1), path), object, isDirectory: false }]) };
    const prefix = path === '' || path.endsWith('/') ? path : `${path}/`;
    const pages = pagesBelow({ store, path: prefix, retry, signal });
    const first = await pages.next();
    return first.done === true ? undefined : { kind: 'directory', pages: startingWith(first.value, telling(pages, store, path)) };
  } catch (error) {
    throw told(error, store, path);
  }
}

export function nothingAt(store: ObjectStore, path: string): ConnectionError {
  return new ConnectionError('not_found', `nothing is at ${named(store, path)}, neither an object of this name nor any below it: check the path and the uri of the connection`);
}

function told(error: unknown, store: ObjectStore, path: string): unknown {
  return error instanceof StoreFailure ? connectionErrorOf(error, named(store, path), store.credentials) : error;
}

async function* telling(pages: Found['pages'], store: ObjectStore, path: string): AsyncGenerator<readonly FoundObject[]> {
  try {
    yield* pages;
  } catch (error) {
    throw told(error, store, path);
  }
}

/** Counts while pages come: what is past a limit is not handed on. */
export async function* withinLimits(pages: Found['pages'], limits: FetchLimits, what: string): AsyncGenerator<readonly FoundObject[]> {
  let [bytes, entries] = [0, 0];
  for await (const page of pages) {
    entries += page.length;
    bytes += page.reduce((sum, { object }) => sum + object.sizeBytes, 0);
    if (entries > limits.entries) throw new ConnectionError('too_large', `${what} holds more than the ${limits.entries} entries allowed: fetch a part of it, or have the limit raised`);
    if (bytes > limits.bytes) throw new ConnectionError('too_large', `${what} holds ${bytes} bytes or more, ${limits.bytes} are allowed: fetch a part of it, or have the limit raised`);
    yield page;
  }
}

/** Asks for the next page only when the last one was taken. A page that fails is asked for again, not those before it. */
async function* pagesBelow({ store, path: prefix, retry, signal }: Search): AsyncGenerator<readonly FoundObject[]> {
  let cursor: PageCursor | undefined;
  do {
    const page = await retrying(retry, signal, () => store.list(prefix, cursor, signal));
    if (page.objects.length > 0) yield page.objects.flatMap((object) => foundBelow(prefix, object) ?? []);
    cursor = page.next;
  } while (cursor !== undefined);
}

function foundBelow(prefix: string, object: StoredObject): FoundObject | undefined {
  const isDirectory = object.key.endsWith('/');
  const relative = object.key.slice(prefix.length, isDirectory ? -1 : undefined);
  // the directory that was asked for marks itself
  if (isDirectory && object.key === prefix) return undefined;
  return { path: safePath(relative, object.key), object, isDirectory };
}

async function* onePage(page: readonly FoundObject[]): AsyncGenerator<readonly FoundObject[]> {
  yield page;
}

async function* startingWith(first: readonly FoundObject[], rest: Found['pages']): AsyncGenerator<readonly FoundObject[]> {
  yield first;
  yield* rest;
}
