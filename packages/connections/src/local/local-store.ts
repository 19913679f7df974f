import { randomBytes } from 'node:crypto';
import { constants, type FileHandle, lstat, mkdir, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConnectionError } from '../connection.ts';
import type { ByteRange, ObjectBytes, ObjectPage, ObjectStore, ObjectUpload, PageCursor, StoredObject } from '../transfer/object-store.ts';
import { StoreFailure, type StoreFailureKind } from '../transfer/store-failure.ts';
import { isWithin } from './local-root.ts';

const PART_BYTES = 8 * 1024 * 1024;

/** A directory as a store of its files. Links in it are followed where they stay inside; one that leads out is refused. */
export class LocalStore implements ObjectStore {
  readonly location: string;
  readonly credentials = 'the permissions of the directory on this machine';
  readonly #root: string;

  /** `root` has no links in it. */
  constructor(root: string) {
    this.#root = root;
    this.location = root === '/' ? '' : root;
  }

  /** One directory a page; those that wait for their turn are the cursor. */
  async list(prefix: string, cursor: PageCursor = [prefix]): Promise<ObjectPage> {
    const [dir = '', ...waiting] = cursor;
    const names = await telling(() => this.#namesIn(dir));
    if (names === undefined) return { objects: [], next: waiting.length === 0 ? undefined : waiting };
    const objects: StoredObject[] = [];
    for (const name of names.toSorted()) {
      const key = `${dir}${name}`;
      const found = await telling(() => this.#look(key));
      if (found === 'directory') waiting.push(`${key}/`);
      else objects.push(found);
    }
    // a directory that nothing lies in is all there is to see of it
    if (names.length === 0 && dir !== '') objects.push({ key: dir, sizeBytes: 0, tag: 'directory', mayHaveMd5: false });
    return { objects, next: waiting.length === 0 ? undefined : waiting };
  }

  async find(key: string): Promise<StoredObject | undefined> {
    try {
      const found = await telling(() => this.#look(key));
      return found === 'directory' ? undefined : found;
    } catch (error) {
      if (error instanceof StoreFailure && error.kind === 'missing') return undefined;
      throw error;
    }
  }

  async read(object: StoredObject, { firstByte, nextByte }: ByteRange): Promise<ObjectBytes> {
    const file = await telling(() => this.#open(object));
    return { bytes: file.createReadStream({ start: firstByte, end: nextByte - 1, highWaterMark: 256 * 1024 }) };
  }

  async isSame(object: StoredObject): Promise<boolean> {
    return (await this.find(object.key))?.tag === object.tag;
  }

  async startPut(key: string): Promise<ObjectUpload> {
    const target = join(this.#root, key);
    return telling(async () => {
      await mkdir(dirname(target), { recursive: true });
      await this.#mustStayInside(dirname(target), key);
      const aside = join(dirname(target), `.${randomBytes(6).toString('hex')}.incoming`);
      return upload(await open(aside, 'wx', 0o644), aside, target);
    });
  }

  /** Is the directory itself there? */
  async isThere(): Promise<boolean> {
    return (await stat(this.#root).catch(absent))?.isDirectory() === true;
  }

  close(): void {
    // nothing is kept open
  }

  /** Undefined for what is no directory. */
  async #namesIn(dir: string): Promise<string[] | undefined> {
    const path = join(this.#root, dir);
    const real = await this.#mustStayInside(path, dir).catch(absent);
    if (real === undefined || !(await stat(real)).isDirectory()) return undefined;
    return readdir(real);
  }

  async #look(key: string): Promise<StoredObject | 'directory'> {
    const path = join(this.#root, key);
    const real = await this.#mustStayInside(path, key);
    const found = await stat(real, { bigint: true });
    if (found.isDirectory()) {
      // what leads to a directory above would go round for ever
      if ((await lstat(path)).isSymbolicLink() && isWithin(real, path)) throw new ConnectionError('invalid', `the link ${path} leads to a directory it lies in: remove it, or fetch another path`);
      return 'directory';
    }
    if (!found.isFile()) throw new ConnectionError('invalid', `${path} is neither a file nor a directory: fetch another path, or move it away`);
    return { key, sizeBytes: Number(found.size), tag: `${found.dev}:${found.ino}:${found.mtimeNs}:${found.size}`, mayHaveMd5: false };
  }

  /** The file that was listed and no other, whatever has become of its name and of the directories above it. */
  async #open(object: StoredObject): Promise<FileHandle> {
    const real = await this.#mustStayInside(join(this.#root, object.key), object.key);
    const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = await file.stat({ bigint: true });
    if (`${found.dev}:${found.ino}:${found.mtimeNs}:${found.size}` === object.tag) return file;
    await file.close();
    throw new StoreFailure('changed', 'another file has its name');
  }

  async #mustStayInside(path: string, key: string): Promise<string> {
    const real = await realpath(path);
    if (isWithin(this.#root, real)) return real;
    throw new ConnectionError('invalid', `${key === '' ? path : `${this.location}/${key}`} leads out of the directory of the connection through a link: replace the link, or let a connection name where it leads`);
  }
}

function upload(file: FileHandle, aside: string, target: string): ObjectUpload {
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await file.close();
    isOpen = false;
  };
  return {
    partBytes: PART_BYTES,
    partsAtOnce: 2,
    part: (number, bytes) => telling(async () => void (await file.write(bytes, 0, bytes.length, (number - 1) * PART_BYTES))),
    complete: () => telling(async () => {
      await file.sync();
      await close();
      await rename(aside, target);
    }),
    abort: () => telling(async () => {
      await close();
      await rm(aside, { force: true });
    }),
  };
}

const KINDS: Readonly<Record<string, StoreFailureKind>> = { ENOENT: 'missing', ENOTDIR: 'missing', EACCES: 'refused', EPERM: 'refused', EROFS: 'refused', ELOOP: 'invalid', EISDIR: 'invalid', ENAMETOOLONG: 'invalid', ENXIO: 'invalid' };

/** What a disk says, in the words of stores. */
async function telling<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const kind = code === undefined ? undefined : KINDS[code];
    throw kind === undefined || code === undefined ? error : new StoreFailure(kind, code);
  }
}

function absent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
