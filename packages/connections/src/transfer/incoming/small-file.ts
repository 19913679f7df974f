import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { collision, type Incoming, otherMd5 } from './incoming-file.ts';

/** A file that is held in memory until it is whole. */
interface WholeFile extends Incoming {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the bytes, in hex, where the store vouches for one. */
  readonly md5: string | undefined;
}

/** Writes and hashes a file in one step of another thread, which takes the bytes over: the sha256, in hex. Throws StoreFailure when the bytes are not those the store vouches for. */
export async function storeSmallFile(tree: string, path: string, { object, journal, threads, bytes, md5: expected }: WholeFile): Promise<string> {
  // taken before the bytes are moved
  const arrived = journal === undefined ? undefined : { firstByte: 0, nextByte: bytes.length, crc32: crc32(bytes) };
  const [sha256 = '', md5] = await threads.of('sha256').ask({ kind: 'store', file: join(tree, path), bytes, algorithms: expected === undefined ? ['sha256'] : ['sha256', 'md5'] }, [bytes.buffer]).catch((error: unknown) => {
    throw collision(error, object.key) ?? error;
  });
  if (expected !== undefined && md5 !== expected) throw otherMd5(md5, expected);
  if (arrived !== undefined) await journal?.arrived(path, object, arrived);
  return sha256;
}
