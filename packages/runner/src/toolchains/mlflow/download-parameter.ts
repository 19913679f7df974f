import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { messageOf } from '@trainyard/core/errors.ts';
import { isDiskFull } from '../../disk-full.ts';
import { StepFailure } from '../../step-failure.ts';

export interface DownloadLimits {
  readonly sizeBytes: number;
  /** The longest wait for the answer, and between two pieces of it. */
  readonly silenceMs: number;
}

const LIMITS: DownloadLimits = { sizeBytes: 10 * 1024 ** 3, silenceMs: 60_000 };

/**
 * Fetches the value of a parameter of type `path` that is an http(s) address into `dir` and answers the path of the file.
 *
 * Throws StepFailure: 'bad_spec' for another scheme, an answer that is no success, and a file over the limit;
 * 'data_unavailable' when nobody answers or the answer breaks off; 'disk_full'.
 */
export async function downloadParameter(name: string, uri: string, dir: string, limits: DownloadLimits = LIMITS): Promise<string> {
  if (!/^https?:/i.test(uri) || !URL.canParse(uri)) {
    throw new StepFailure('bad_spec', `the parameter '${name}' has the type path, and '${withoutSecrets(uri)}' can only be fetched by the project itself: declare it with the type uri, or give a file or an http(s) address`);
  }
  await mkdir(dir, { recursive: true });
  const path = join(dir, fileName(uri));
  try {
    await fetchInto(name, uri, { path, limits });
    return path;
  } catch (error) {
    await rm(path, { force: true });
    if (error instanceof StepFailure) throw error;
    if (isDiskFull(error)) throw new StepFailure('disk_full', `the disk was full while the parameter '${name}' was downloaded`, { cause: error });
    const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : messageOf(error);
    throw new StepFailure('data_unavailable', `the parameter '${name}' could not be downloaded from '${withoutSecrets(uri)}': ${why}`, { cause: error });
  }
}

async function fetchInto(name: string, uri: string, { path, limits }: { path: string; limits: DownloadLimits }): Promise<void> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error(`no answer for ${limits.silenceMs / 1000} s`)), limits.silenceMs);
  try {
    const response = await fetch(uri, { signal: silence.signal });
    if (!response.ok || response.body === null) {
      const reason = response.status >= 500 || response.status === 429 ? 'data_unavailable' : 'bad_spec';
      throw new StepFailure(reason, `the parameter '${name}' could not be downloaded: '${withoutSecrets(uri)}' answered ${response.status} ${response.statusText}`.trim());
    }
    let sizeBytes = 0;
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        timer.refresh();
        sizeBytes += chunk.length;
        const over = sizeBytes > limits.sizeBytes;
        done(over ? new StepFailure('bad_spec', `the parameter '${name}' is a file of more than ${limits.sizeBytes} bytes; fetch it in the project itself (type uri)`) : null, chunk);
      },
    });
    // the same stream under the names of two type libraries
    await pipeline(Readable.fromWeb(response.body as ReadableStream), count, createWriteStream(path, { flags: 'wx' }), { signal: silence.signal });
  } finally {
    clearTimeout(timer);
  }
}

function fileName(uri: string): string {
  const last = basename(new URL(uri).pathname).replace(/[^A-Za-z0-9._-]/g, '_').slice(-128);
  return /^[._]*$/.test(last) ? 'download' : last;
}

/** Addresses may carry a password or a signature. */
function withoutSecrets(uri: string): string {
  if (!URL.canParse(uri)) return uri;
  const { protocol, host, pathname } = new URL(uri);
  return `${protocol}//${host}${pathname}`;
}
