import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConnectionContext, ConnectionError } from '../connection.ts';

const LOOK_EVERY_MS = 500;
/** Commits and trees that come with the files, and are not counted for them. */
const BESIDE_BYTES = 64 * 1024 * 1024;

export interface PackWatch {
  /** The repository that is fetched into. */
  readonly dir: string;
  /** What its files may have, unpacked. */
  readonly limitBytes: number;
}

/**
 * Carries out a fetch, tells how much has come, and ends it when that is more than the files may ever become: git itself has
 * no limit, and what is in a pack is only known when all of it is there. Throws ConnectionError `too_large`.
 */
export async function watchingPack<T>({ dir, limitBytes }: PackWatch, context: ConnectionContext, fetch: (context: ConnectionContext) => Promise<T>): Promise<T> {
  const tooMuch = new AbortController();
  const look = async (): Promise<void> => {
    const bytes = await packBytes(dir);
    context.progress?.({ files: 0, totalFiles: 0, bytes, totalBytes: 0 });
    if (bytes > limitBytes + BESIDE_BYTES) tooMuch.abort(new ConnectionError('too_large', `more than ${bytes} bytes came from the repository, ${limitBytes} are allowed for its files: move data out of the repository, or raise the limit`));
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  try {
    return await fetch({ ...context, signal: AbortSignal.any([context.signal, tooMuch.signal]) });
  } finally {
    clearInterval(timer);
  }
}

/** Of complete packs and of the one that is coming. */
async function packBytes(dir: string): Promise<number> {
  const packs = join(dir, '.git', 'objects', 'pack');
  // git removes its temporary files whenever it likes
  const names = await readdir(packs).catch(() => []);
  const sizes = await Promise.all(names.map((name) => stat(join(packs, name)).then(({ size }) => size, () => 0)));
  return sizes.reduce((sum, size) => sum + size, 0);
}
