import { Readable } from 'node:stream';

/**
 * The bytes of a body that is read as it comes. Whoever stops in the middle still wants to be heard: what is left is read and
 * dropped then, where the end of an iteration would break the connection before the answer is out.
 */
export async function* bytesOf(body: unknown): AsyncIterable<Uint8Array> {
  if (!(body instanceof Readable)) return;
  try {
    yield* body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  } finally {
    body.resume();
  }
}
