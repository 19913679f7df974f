import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type ConnectionContext, ConnectionError, type Fetched, type FetchRequest } from '../connection.ts';
import { filesVersion } from '../transfer/files-version.ts';
import { ProgressTeller } from '../transfer/progress-teller.ts';
import { StoreFailure } from '../transfer/store-failure.ts';
import type { HttpServer } from './http-server.ts';
import { type HttpFile, shown } from './http-url.ts';

/** A connection that gives nothing for so long is taken for broken. */
const IDLE_MS = 60_000;

/** Fetches a file in one piece, from a server that gives no parts or cannot tell one state of it from another. */
export async function fetchWhole(server: HttpServer, { url, name }: HttpFile, { into, limits }: Pick<FetchRequest, 'into' | 'limits'>, context: ConnectionContext): Promise<Fetched> {
  await mkdir(dirname(into), { recursive: true });
  const aside = await mkdtemp(`${into}.`);
  const idle = new AbortController();
  const timer = setTimeout(() => idle.abort(), IDLE_MS);
  const hash = createHash('sha256');
  const teller = new ProgressTeller(context.progress);
  let sizeBytes = 0;
  const counted = async function* (bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of bytes) {
      timer.refresh();
      sizeBytes += chunk.length;
      if (sizeBytes > limits.bytes) throw tooLarge(url, limits.bytes);
      hash.update(chunk);
      teller.addBytes(chunk.length);
      yield chunk;
    }
  };
  try {
    const signal = AbortSignal.any([context.signal, idle.signal]);
    const answer = await server.get({}, { statuses: [200], signal });
    const expected = Number(answer.headers['content-length'] ?? Number.NaN);
    await pipeline(answer, counted, createWriteStream(join(aside, name), { flags: 'wx' }), { signal });
    if (Number.isFinite(expected) && expected !== sizeBytes) throw new StoreFailure('unreachable', 'the answer ended early');
    teller.tell();
    await rename(aside, into);
    return { kind: 'file', version: filesVersion([{ path: name, sizeBytes, sha256: hash.digest('hex') }]), files: 1, sizeBytes, notes: [] };
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw problemOf(error, context.signal);
  } finally {
    clearTimeout(timer);
  }
}

export function tooLarge(url: URL, limitBytes: number): ConnectionError {
  return new ConnectionError('too_large', `${shown(url)} has more than the ${limitBytes} bytes allowed: fetch a smaller file, or have the limit raised`);
}

/** What a stream throws when its connection breaks has many names. */
function problemOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted || error instanceof ConnectionError || error instanceof StoreFailure) return signal.aborted ? signal.reason : error;
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  if (syscall === 'write' || syscall === 'open') return error;
  return new StoreFailure('unreachable', typeof code === 'string' ? code : 'the connection broke');
}
