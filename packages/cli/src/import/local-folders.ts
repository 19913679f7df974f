import { createReadStream } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { readLocation } from './artifact-location.ts';
import type { Folder, SourceFile } from './record-source.ts';

interface Roots {
  /** Directories artifacts may be read from; those that are not there count for nothing. */
  readonly directories: readonly string[];
  /** What relative locations are relative to. */
  readonly base: string;
}

/**
 * Artifacts on this machine's disk. A database says where they are, and anybody who could write to it chose that: nothing outside
 * the given directories is read, by no path and no link.
 */
export class LocalFolders {
  readonly #roots: Roots;
  readonly #real: Promise<string[]>;
  /** Directories that are there and may not be read, as they were named. */
  readonly outside = new Set<string>();
  /** Entries that are neither files nor directories. */
  readonly strange = new Set<string>();

  constructor(roots: Roots) {
    this.#roots = roots;
    this.#real = realDirectories(roots.directories);
  }

  /** The directories that are there. */
  existing(): Promise<readonly string[]> {
    return this.#real;
  }

  /** The folder an artifact URI means; undefined when its owner keeps nothing here. */
  async find(uri: string | null): Promise<Folder | undefined> {
    const location = uri === null ? undefined : readLocation(uri);
    if (location === undefined || location.kind === 'elsewhere') return undefined;
    const roots = await this.#real;
    const tail = location.kind === 'proxied' ? location.path : /(?:^|\/)([^/]+\/(?:models\/)?[^/]+\/artifacts)\/*$/.exec(location.path)?.[1];
    const moved = tail === undefined ? [] : roots.map((root) => path.join(root, tail));
    const candidates = location.kind === 'local' ? [path.resolve(this.#roots.base, location.path), ...moved] : moved;
    for (const candidate of candidates) {
      const real = await realOrNothing(candidate);
      if (real === undefined) continue;
      if (isBelow(real, roots)) return this.#folder(real);
      this.outside.add(candidate);
    }
    return undefined;
  }

  #folder(root: string): Folder {
    return { list: () => this.#files(root, ''), open: (file) => openBelow(root, file) };
  }

  async *#files(root: string, below: string): AsyncGenerator<SourceFile> {
    const entries = await readdir(path.join(root, below), { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) yield* this.#files(root, name);
      else if (entry.isFile()) yield { path: name, sizeBytes: (await lstat(path.join(root, name))).size };
      // a link may lead anywhere, and a pipe never ends
      else this.strange.add(path.join(root, name));
    }
  }
}

async function openBelow(root: string, file: string): Promise<AsyncIterable<Uint8Array>> {
  const real = await realpath(path.join(root, file));
  if (!isBelow(real, [root])) throw new Error(`${file} leads out of ${root}`);
  return createReadStream(real, { highWaterMark: 256 * 1024 });
}

async function realDirectories(directories: readonly string[]): Promise<string[]> {
  const real = await Promise.all(directories.map(realOrNothing));
  return [...new Set(real.filter((one) => one !== undefined))];
}

/** Undefined for what is not there, and for what is no directory. */
async function realOrNothing(directory: string): Promise<string | undefined> {
  try {
    const real = await realpath(directory);
    return (await stat(real)).isDirectory() ? real : undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG'].includes(code)) return undefined;
    throw error;
  }
}

function isBelow(real: string, roots: readonly string[]): boolean {
  return roots.some((root) => real === root || real.startsWith(root.endsWith(path.sep) ? root : root + path.sep));
}
