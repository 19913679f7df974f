import { piecesOf } from './pieces.ts';

/** How an object store takes an object whose size is not known beforehand. */
export interface PartedUpload<Tag> {
  readonly partBytes: number;
  /** The whole object in one call. */
  whole(bytes: Buffer): Promise<unknown>;
  start(): Promise<{
    part(number: number, bytes: Buffer): Promise<Tag>;
    /** In the order of their numbers. */
    complete(tags: readonly Tag[]): Promise<unknown>;
    abort(): Promise<unknown>;
  }>;
}

/** More would hold more memory, fewer would wait for the store between two parts. */
const AT_ONCE = 4;

/** Small objects go in one call, others in parts, of which at most a few are in memory. What was begun is aborted when anything fails. */
export async function uploadInParts<Tag>(bytes: AsyncIterable<Uint8Array>, upload: PartedUpload<Tag>): Promise<void> {
  const pieces = piecesOf(bytes, upload.partBytes);
  const first = await pieces.next();
  if (first.done === true) return;
  if (first.value.length < upload.partBytes) {
    // it is the last one too
    await upload.whole(first.value);
    return;
  }
  const parts = await upload.start();
  try {
    await parts.complete(await sendAll(first.value, pieces, parts));
  } catch (error) {
    // the first failure is what the caller needs to know; stores clear away what an abort did not reach
    await parts.abort().catch(() => undefined);
    throw error;
  }
}

async function sendAll<Tag>(first: Buffer, rest: AsyncGenerator<Buffer>, parts: { part(number: number, bytes: Buffer): Promise<Tag> }): Promise<Tag[]> {
  const tags: Promise<Tag>[] = [];
  const busy = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const send = (bytes: Buffer): void => {
    const sent = parts.part(tags.length + 1, bytes);
    tags.push(sent);
    const ended = sent.then(
      () => void busy.delete(ended),
      (error: unknown) => {
        busy.delete(ended);
        failure ??= { error };
      },
    );
    busy.add(ended);
  };
  try {
    send(first);
    for await (const bytes of rest) {
      // only promises that end soon are raced: a lasting one would keep every piece that ever won against it
      if (busy.size >= AT_ONCE) await Promise.race(busy);
      if (failure !== undefined) throw failure.error;
      if (bytes.length > 0) send(bytes);
    }
    return await Promise.all(tags);
  } catch (error) {
    // none may arrive after the abort
    await Promise.allSettled(tags);
    throw error;
  }
}
