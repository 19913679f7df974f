import type { ByteRange, ObjectStore, StoredObject } from './object-store.ts';
import { Retries, type RetryPolicy } from './retry.ts';
import { StoreFailure } from './store-failure.ts';

/** A connection that gives nothing for so long is taken for broken. */
const IDLE_MS = 60_000;

interface ReadRequest {
  readonly store: ObjectStore;
  readonly object: StoredObject;
  readonly range: ByteRange;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal;
  /** Told when the store vouches for a checksum of the whole object. */
  onMd5(md5: string): void;
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
        yield chunk;
      }
      if (next < range.nextByte) throw new StoreFailure('unreachable', 'the answer ended early');
    } catch (error) {
      await retries.after(error, signal);
    }
  }
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
