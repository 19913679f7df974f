import { randomBytes } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { takeLock, tryLock, type Waiting } from './build-lock.ts';
import { directorySize } from './directory-size.ts';
import { HOLDER, isHolderAlive, ownHolder } from './holder.ts';

/** What a builder answers about the directory it filled. */
export interface Made {
  /** Whatever is worth keeping about it. */
  readonly details: Readonly<Record<string, string>>;
  /** A path in it that is there as long as it is usable (links are followed). */
  readonly witness: string;
}

export interface BuiltDirectory {
  readonly path: string;
  readonly sizeBytes: number;
  readonly details: Readonly<Record<string, string>>;
  /** Gives it back; until then it is not removed, unless this process dies. */
  release(): Promise<void>;
}

export interface Removed {
  readonly id: string;
  readonly sizeBytes: number;
  readonly lastUsedAt: number;
}

interface Pointer extends Made {
  /** Name of the directory. */
  readonly dir: string;
  readonly sizeBytes: number;
  readonly createdAt: number;
}

const IN_USE = '.in-use';
/** `<id16>.<holder>.<nonce>`, and `.input` beside it for what its builder needs. */
const DIRECTORY = new RegExp(`^[a-z0-9-]+\\.(${HOLDER.source})\\.[0-9a-f]{8}(\\.input)?$`);
const ID = /^[a-z0-9-]{1,64}$/;
/** Nobody looks at a lock, sleeps this long, and then goes on as if nothing had happened. */
const OLD_LOCK_MS = 24 * 3_600_000;

/**
 * Directories that are built once per id and then shared by processes, any of which may be killed at any moment.
 *
 * A directory is built under a name of its own and is there when the file `<id>.json`, renamed into place, points to it. Who uses
 * it leaves a marker in it first and then looks whether the pointer still stands; who removes it takes the pointer away first
 * and then looks for markers: one of the two sees the other. Names and markers carry the process they belong to; what belongs to
 * a dead one and is not pointed to is swept away by the next build.
 */
export class DirectoryStore {
  readonly #root: string;
  readonly #locks: string;

  constructor(root: string) {
    this.#root = root;
    this.#locks = join(root, 'locks');
  }

  /** The directory when it is there. Starts no program and takes no lock. */
  async use(id: string): Promise<BuiltDirectory | undefined> {
    const pointer = await this.#pointer(id);
    if (pointer === undefined) return undefined;
    const path = join(this.#root, pointer.dir);
    const marker = join(path, IN_USE, `${ownHolder()}.${nonce()}`);
    try {
      await writeFile(marker, '', { flag: 'wx' });
      await Promise.all([access(join(path, pointer.witness)), utimes(this.#pointerPath(id), new Date(), new Date())]);
    } catch (error) {
      await rm(marker, { force: true });
      return absent(error);
    }
    if ((await this.#pointer(id))?.dir !== pointer.dir) {
      await rm(marker, { force: true });
      return undefined;
    }
    return { path, sizeBytes: pointer.sizeBytes, details: pointer.details, release: () => this.#giveBack(id, marker) };
  }

  /** The directory; `make` builds it when it is not there, in one process at a time. A build that fails leaves nothing. */
  async build(id: string, make: (path: string) => Promise<Made>, waiting: Waiting): Promise<{ readonly directory: BuiltDirectory; readonly cached: boolean }> {
    if (!ID.test(id)) throw new Error(`'${id}' is no id of a directory`);
    const lock = await takeLock(this.#locks, id, waiting);
    try {
      const there = await this.use(id);
      if (there !== undefined) return { directory: there, cached: true };
      await this.#sweep();
      await this.#make(id, make, async (dir, made, sizeBytes) => this.#point(id, { ...made, dir, sizeBytes, createdAt: Date.now() }));
      const directory = await this.use(id);
      if (directory === undefined) throw new Error(`'${id}' was built, and what shows that it is usable is missing in it`);
      return { directory, cached: false };
    } finally {
      await lock.release();
    }
  }

  /** A directory that nobody else gets; it is removed when it is given back. */
  async buildPrivate(id: string, make: (path: string) => Promise<Made>): Promise<BuiltDirectory> {
    await this.#sweep();
    return this.#make(id, make, async (dir, { details }, sizeBytes) => {
      const path = join(this.#root, dir);
      return { path, sizeBytes, details, release: () => remove(path) };
    });
  }

  /** Removes what was used longest ago until the rest has at most `limitBytes`; never what is in use, nor `keepId`. */
  async trim(limitBytes: number, keepId: string): Promise<readonly Removed[]> {
    const all = (await this.#list()).toSorted((a, b) => a.lastUsedAt - b.lastUsedAt);
    let sizeBytes = all.reduce((sum, one) => sum + one.sizeBytes, 0);
    const removed: Removed[] = [];
    for (const one of all) {
      if (sizeBytes <= limitBytes) break;
      if (one.id === keepId || !(await this.#removeUnused(one.id))) continue;
      sizeBytes -= one.sizeBytes;
      removed.push(one);
    }
    return removed;
  }

  async #make<T>(id: string, make: (path: string) => Promise<Made>, finish: (dir: string, made: Made, sizeBytes: number) => Promise<T>): Promise<T> {
    // short: the first line of an installed script holds the whole path, and some kernels read 127 bytes of it
    const dir = `${id.slice(0, 16)}.${ownHolder()}.${nonce()}`;
    const path = join(this.#root, dir);
    try {
      const made = await make(path);
      await mkdir(join(path, IN_USE));
      return await finish(dir, made, await directorySize(path));
    } catch (error) {
      await remove(path);
      throw error;
    } finally {
      await remove(`${path}.input`);
    }
  }

  async #list(): Promise<readonly Removed[]> {
    const ids = (await readdir(this.#root)).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
    const all = await Promise.all(
      ids.map(async (id) => {
        const pointer = await this.#pointer(id);
        return pointer === undefined ? undefined : { id, sizeBytes: pointer.sizeBytes, lastUsedAt: (await modifiedAt(this.#pointerPath(id))) ?? 0 };
      }),
    );
    return all.filter((one) => one !== undefined);
  }

  async #removeUnused(id: string): Promise<boolean> {
    const lock = await tryLock(this.#locks, id);
    if (!('release' in lock)) return false;
    try {
      const pointer = await this.#pointer(id);
      if (pointer === undefined) return false;
      const path = join(this.#root, pointer.dir);
      if (await isInUse(path)) return false;
      const lastUsedAt = await modifiedAt(this.#pointerPath(id));
      await unlink(this.#pointerPath(id));
      if (await isInUse(path)) {
        await this.#point(id, pointer);
        await utimes(this.#pointerPath(id), new Date(), new Date(lastUsedAt ?? Date.now()));
        return false;
      }
      await remove(path);
      return true;
    } finally {
      await lock.release();
    }
  }

  /** Removes what killed builders left: directories of dead processes that nothing points to and nobody uses. */
  async #sweep(): Promise<void> {
    await mkdir(this.#locks, { recursive: true });
    const left = (await readdir(this.#root)).filter((name) => {
      const holder = DIRECTORY.exec(name)?.[1];
      return holder !== undefined && !isHolderAlive(holder);
    });
    // read after the builders were seen dead: a pointer they made is there by now
    const ids = (await readdir(this.#root)).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
    const pointed = new Set((await Promise.all(ids.map((id) => this.#pointer(id)))).map((pointer) => pointer?.dir));
    for (const name of left) if (!pointed.has(name) && !(await isInUse(join(this.#root, name)))) await remove(join(this.#root, name));
    await this.#sweepLocks(new Set(ids));
  }

  async #sweepLocks(ids: ReadonlySet<string>): Promise<void> {
    for (const file of await readdir(this.#locks)) {
      const path = join(this.#locks, file);
      const changedAt = await modifiedAt(path);
      if (changedAt !== undefined && Date.now() - changedAt > OLD_LOCK_MS && !ids.has(file.replace(/\.\d+$/, '')) && (await readText(path)) === 'released') await rm(path, { force: true });
    }
  }

  async #giveBack(id: string, marker: string): Promise<void> {
    await rm(marker, { force: true });
    await utimes(this.#pointerPath(id), new Date(), new Date()).catch(absent);
  }

  #pointerPath(id: string): string {
    return join(this.#root, `${id}.json`);
  }

  async #pointer(id: string): Promise<Pointer | undefined> {
    const text = await readText(this.#pointerPath(id));
    return text === undefined ? undefined : (JSON.parse(text) as Pointer);
  }

  async #point(id: string, pointer: Pointer): Promise<void> {
    const aside = join(this.#root, `.${id}.${nonce()}`);
    try {
      await writeFile(aside, JSON.stringify(pointer), { flush: true });
      await rename(aside, this.#pointerPath(id));
    } catch (error) {
      await rm(aside, { force: true });
      throw error;
    }
  }
}

async function isInUse(path: string): Promise<boolean> {
  const markers = await readdir(join(path, IN_USE)).catch(absent);
  return markers?.some((marker) => isHolderAlive(marker.split('.')[0] ?? '')) ?? false;
}

/** A program that outlived its killed builder may still write into it: then the next sweep takes the rest. */
async function remove(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 });
  } catch (error) {
    if (!['ENOTEMPTY', 'EBUSY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

async function modifiedAt(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(absent);
  return found?.mtimeMs;
}

function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(absent);
}

function absent(error: unknown): undefined {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
  throw error;
}

function nonce(): string {
  return randomBytes(4).toString('hex');
}
