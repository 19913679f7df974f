import { type FileHandle, open } from 'node:fs/promises';
import type { ConnectionContext, PutRequest } from '../connection.ts';
import { named } from './find-objects.ts';
import type { ObjectStore, ObjectUpload } from './object-store.ts';
import { ProgressTeller } from './progress-teller.ts';
import { PATIENT, retrying } from './retry.ts';
import { connectionErrorOf, StoreFailure } from './store-failure.ts';
import { TaskPool } from './task-pool.ts';

/** For clearing away after a failure. */
const ABORT_MS = 10_000;

/** Stores a file under a key, whole or not at all; a few parts of it are in memory at a time. */
export async function putObject(store: ObjectStore, key: string, request: Pick<PutRequest, 'file' | 'sizeBytes'>, context: Pick<ConnectionContext, 'signal' | 'progress'>): Promise<void> {
  const { signal } = context;
  const file = await open(request.file, 'r');
  try {
    const upload = await retrying(PATIENT, signal, () => store.startPut(key, request.sizeBytes, signal));
    try {
      await sendParts(upload, { file, sizeBytes: request.sizeBytes }, context);
      await retrying(PATIENT, signal, () => upload.complete(signal));
    } catch (error) {
      // the first failure is what the caller needs to know; stores clear away what this does not reach
      await upload.abort(AbortSignal.timeout(ABORT_MS)).catch(() => undefined);
      throw error;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof StoreFailure ? connectionErrorOf(error, named(store, key), store.credentials) : error;
  } finally {
    await file.close();
  }
}

interface SentFile {
  readonly file: FileHandle;
  readonly sizeBytes: number;
}

async function sendParts(upload: ObjectUpload, { file, sizeBytes }: SentFile, { signal: given, progress }: Pick<ConnectionContext, 'signal' | 'progress'>): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([given, stop.signal]);
  const pool = new TaskPool(upload.partsAtOnce, (error) => stop.abort(error));
  const teller = new ProgressTeller(progress);
  teller.setTotal({ files: 1, bytes: sizeBytes });
  const parts = Math.max(1, Math.ceil(sizeBytes / upload.partBytes));
  try {
    for (let number = 1; number <= parts; number++) {
      await pool.start(async () => {
        const bytes = await readPart(file, { from: (number - 1) * upload.partBytes, length: Math.min(upload.partBytes, sizeBytes - (number - 1) * upload.partBytes) });
        await retrying(PATIENT, signal, () => upload.part(number, bytes, signal));
        teller.addBytes(bytes.length);
      });
    }
    await pool.end();
    signal.throwIfAborted();
  } catch (error) {
    stop.abort(error);
    // none may arrive after the abort
    await pool.end().catch(() => undefined);
    signal.throwIfAborted();
    throw error;
  }
  teller.addFile();
}

async function readPart(file: FileHandle, { from, length }: { readonly from: number; readonly length: number }): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await file.read(bytes, read, length - read, from + read);
    if (bytesRead === 0) throw new Error('the file became shorter while it was being stored');
    read += bytesRead;
  }
  return bytes;
}
