import type { ByteRange, ObjectStore, StoredObject } from './object-store.ts';
import { Retries, type RetryPolicy } from './retry.ts';
import { StoreFailure } from './store-failure.ts';

/** A connection that gives nothing for so long is taken for broken. */
const IDLE_MS = 60_000;

export interface ReadRequest {
  readonly store: ObjectStore;
  readonly object: StoredObject;
  readonly range: ByteRange;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal;
  /** Told when the store vouches for a checksum of the whole object. */
  onMd5(md5: string): void;
  onBytes(count: number): void;
}

/** The bytes of a range, in order and each once: what breaks off is gone on with where it was. */
export async function* readObject(request: ReadRequest): AsyncGenerator<Uint8Array> {
  const { range, signal } = request;
  const retries = new Retries(request.retry);
  for (let next = range.firstByte; next < range.nextByte; ) {
    try {
      for await (const chunk of readOnce(request, { firstByte: next, nextByte: range.nextByte })) {
        next += chunk.length;
        if (next > range.nextByte) throw new StoreFailure('invalid', 'more bytes than were asked for');
        retries.madeProgress();
        request.onBytes(chunk.length);
        yield chunk;
      }
      if (next < range.nextByte) throw new StoreFailure('unreachable', 'the answer ended early');
    } catch (error) {
      await retries.after(error, signal);
    }
  }
}

/** All bytes of an object that is small, in memory of their own. */
export async function readWhole(request: Omit<ReadRequest, 'range' | 'onMd5'>): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly md5: string | undefined }> {
  const bytes = new Uint8Array(request.object.sizeBytes);
  let md5: string | undefined;
  let filled = 0;
  for await (const chunk of readObject({ ...request, range: { firstByte: 0, nextByte: bytes.length }, onMd5: (given) => (md5 = given) })) {
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  return { bytes, md5 };
}

async function* readOnce({ store, object, signal, onMd5 }: ReadRequest, range: ByteRange): AsyncGenerator<Uint8Array> {
  const idle = new AbortController();
  const timer = setTimeout(() => idle.abort(), IDLE_MS);
  try {
    const { bytes, md5 } = await store.read(object, range, AbortSignal.any([signal, idle.signal]));
    if (md5 !== undefined) onMd5(md5);
    for await (const chunk of bytes) {
      timer.refresh();
      yield chunk;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (idle.signal.aborted) throw new StoreFailure('unreachable', `nothing came for ${IDLE_MS / 1000} s`);
    throw error instanceof StoreFailure ? error : brokenOff(error);
  } finally {
    clearTimeout(timer);
  }
}

/** What streams throw when a connection breaks has many names; the consumer's own errors do not come here. */
function brokenOff(error: unknown): StoreFailure {
  const { code } = (error ?? {}) as { code?: unknown };
  return new StoreFailure('unreachable', typeof code === 'string' ? code : 'the connection broke');
}
