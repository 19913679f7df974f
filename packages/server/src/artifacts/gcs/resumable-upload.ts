import type { Storage } from '@google-cloud/storage';

/** What of a chunk counts is a multiple of 256 KiB. */
const CHUNK_STEP_BYTES = 256 * 2 ** 10;
export const CHUNK_BYTES = 64 * CHUNK_STEP_BYTES;
const INCOMPLETE = 308;

/** Every PUT may be repeated: the store ignores bytes that it has already. */
const RETRIES = { retry: true, retryConfig: { retry: 3, httpMethodsToRetry: ['PUT', 'POST'], statusCodesToRetry: [[408, 408], [429, 429], [500, 599]] } };

/**
 * Google's upload in chunks of a size that is not known beforehand; the object is seen when the last one is there. The library's
 * own stream keeps what it sent in memory, and leaves its credentials out when the endpoint is not Google's.
 * `pieces` have CHUNK_BYTES each but for the last one, which may be empty.
 */
export async function uploadInChunks(storage: Storage, object: { readonly bucket: string; readonly key: string }, pieces: AsyncIterable<Buffer>): Promise<void> {
  const session = await startSession(storage, object);
  let [held, offset]: [Buffer | undefined, number] = [undefined, 0];
  for await (const piece of pieces) {
    if (piece.length === 0) break;
    if (held !== undefined) offset = await sendChunk(storage, session, { bytes: held, offset, isLast: false });
    held = piece;
  }
  await sendChunk(storage, session, { bytes: held ?? Buffer.alloc(0), offset, isLast: true });
}

async function startSession(storage: Storage, { bucket, key }: { readonly bucket: string; readonly key: string }): Promise<string> {
  const url = `${storage.apiEndpoint}/upload/storage/v1/b/${bucket}/o?uploadType=resumable&name=${encodeURIComponent(key)}`;
  const { headers } = await storage.authClient.request({ url, method: 'POST', headers: { 'x-upload-content-type': 'application/octet-stream', 'content-length': '0' }, ...RETRIES });
  const session = headers.get('location');
  if (session === null) throw new Error('the store began an upload without saying where it goes on');
  return session;
}

interface Chunk {
  readonly bytes: Buffer;
  readonly offset: number;
  readonly isLast: boolean;
}

/** The offset behind it. A store may keep less of a chunk than was sent. */
async function sendChunk(storage: Storage, session: string, { bytes, offset, isLast }: Chunk): Promise<number> {
  const end = offset + bytes.length;
  const total = isLast ? String(end) : '*';
  for (let kept = offset; ; ) {
    const range = kept === end ? `bytes */${total}` : `bytes ${kept}-${end - 1}/${total}`;
    const { status, headers } = await storage.authClient.request({ url: session, method: 'PUT', body: bytes.subarray(kept - offset), headers: { 'content-range': range }, validateStatus: (code) => code === INCOMPLETE || (code >= 200 && code < 300), ...RETRIES });
    if (status !== INCOMPLETE) return end;
    const next = Number(/-(\d+)$/.exec(headers.get('range') ?? '')?.[1] ?? -1) + 1;
    if (next >= end && !isLast) return end;
    if (next <= kept) throw new Error('the store keeps nothing of what is sent');
    kept = next;
  }
}
