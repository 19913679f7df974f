import { createReadStream } from 'node:fs';
import { ReadableStream } from 'node:stream/web';
import type { Connection } from '../connection/connection.ts';
import { isServerAnswer } from '../exit-codes.ts';
import type { Snapshot } from './pack.ts';

/** Brings a snapshot to the server, unless the same content is there already. */
export async function uploadOnce(connection: Connection, snapshot: Snapshot, onBytes: (sentBytes: number) => void): Promise<'uploaded' | 'was there'> {
  if (await isThere(connection, snapshot.digest)) return 'was there';
  const bytes = ReadableStream.from(counted(snapshot.file, onBytes));
  await connection.open('putSnapshot', { params: { digest: snapshot.digest }, bytes, sizeBytes: snapshot.sizeBytes });
  return 'uploaded';
}

async function* counted(file: string, onBytes: (sentBytes: number) => void): AsyncGenerator<Buffer> {
  let sentBytes = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    yield chunk;
    onBytes((sentBytes += chunk.length));
  }
}

async function isThere(connection: Connection, digest: string): Promise<boolean> {
  try {
    await connection.call('findSnapshot', { params: { digest } });
    return true;
  } catch (error) {
    if (isServerAnswer(error) && error.status === 404) return false;
    throw error;
  }
}
