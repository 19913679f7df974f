import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { linkStaysInside } from '@trainyard/connections/link-stays-inside.ts';
import { messageOf } from '@trainyard/core/errors.ts';
import type { ReadEntry, Unpack } from 'tar';
import { isDiskFull } from '../disk-full.ts';

export interface UnpackLimits {
  readonly bytes: number;
  readonly entries: number;
}

/** Something in the archive that is not taken, whoever packed it. */
export class ArchiveRefused extends Error {
  override readonly name = 'ArchiveRefused';
}

/** The file does not hold what its digest promises, or is cut or damaged. */
export class ArchiveDamaged extends Error {
  override readonly name = 'ArchiveDamaged';
}

/** Sources are text: they pack 3 to 20 times smaller. Beyond this, and a size nobody minds, it is an attack. */
const RATIO_LIMIT = 500;
const RATIO_COUNTS_FROM_BYTES = 64 * 1024 * 1024;
/** Header, padding and long names of one entry. */
const ENTRY_OVERHEAD_BYTES = 4096;

/**
 * Unpacks a tar.gz into `dir`, which is not there before and holds everything or is not there afterwards. Throws
 * ArchiveRefused or ArchiveDamaged. Refused are: absolute and parent names, links that lead out, devices, files with setuid
 * bits, and more entries, bytes or bytes per packed byte than allowed.
 */
export async function unpack(archive: string, digest: string, dir: string, limits: UnpackLimits): Promise<void> {
  const aside = `${dir}.unpacking`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true });
  try {
    const found = await extract(archive, aside, limits);
    if (found !== digest) throw new ArchiveDamaged(`it has the digest ${found} and not ${digest}`);
    await rename(aside, dir);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
}

async function extract(archive: string, dir: string, limits: UnpackLimits): Promise<string> {
  const { Unpack } = await import('tar');
  const gate = new Gate(limits, (await stat(archive)).size);
  // strict: what tar itself finds odd (a link through a link, a name it would change) is an error and not a warning
  const unpacking = new Unpack({ cwd: dir, strict: true, preserveOwner: false, filter: (_path, entry) => gate.admits(entry as ReadEntry) });
  const hash = createHash('sha256');
  const hashed = async function* (packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const bytes of packed) {
      hash.update(bytes);
      yield bytes;
    }
  };
  try {
    await pipeline(createReadStream(archive), hashed, createGunzip(), (bytes: AsyncIterable<Buffer>) => write(bytes, unpacking, gate));
  } catch (error) {
    if (gate.refusal !== undefined) throw new ArchiveRefused(gate.refusal);
    if (isDiskFull(error)) throw error;
    if (/^(Z_|TAR_)/.test((error as { code?: string }).code ?? '')) throw new ArchiveDamaged(messageOf(error), { cause: error });
    throw error;
  }
  return hash.digest('hex');
}

async function write(bytes: AsyncIterable<Buffer>, unpacking: Unpack, gate: Gate): Promise<void> {
  let failed: Error | undefined;
  const ended = new Promise<void>((resolve) => {
    unpacking.on('end', resolve);
    unpacking.on('error', (error) => {
      failed ??= error as Error;
      resolve();
    });
  });
  for await (const chunk of bytes) {
    gate.count(chunk);
    const drained = unpacking.write(chunk) || Promise.race([ended, new Promise<void>((resolve) => unpacking.once('drain', resolve))]);
    await drained;
    if (gate.refusal !== undefined || failed !== undefined) break;
  }
  if (gate.refusal !== undefined) throw new Error(gate.refusal);
  if (failed === undefined) {
    unpacking.end();
    await ended;
  }
  if (gate.refusal !== undefined) throw new Error(gate.refusal);
  if (failed !== undefined && !gate.empty) throw failed;
}

/** Looks at every header before anything of the entry is written. */
class Gate {
  readonly #limits: UnpackLimits;
  readonly #packedBytes: number;
  #streamBytes = 0;
  #bytes = 0;
  #entries = 0;
  #onlyZeros = true;
  refusal: string | undefined;

  constructor(limits: UnpackLimits, packedBytes: number) {
    this.#limits = limits;
    this.#packedBytes = packedBytes;
  }

  /** Unpacked bytes, whatever they are: headers and padding can be a bomb as well. */
  count(chunk: Buffer): void {
    this.#streamBytes += chunk.length;
    this.#onlyZeros &&= chunk.every((byte) => byte === 0);
    const { bytes, entries } = this.#limits;
    if (this.#streamBytes > bytes + entries * ENTRY_OVERHEAD_BYTES) this.#refuse(`it unpacks to more than ${bytes} bytes`);
    if (this.#streamBytes > RATIO_COUNTS_FROM_BYTES && this.#streamBytes > RATIO_LIMIT * this.#packedBytes) this.#refuse(`it unpacks to more than ${RATIO_LIMIT} times its size`);
  }

  /** An archive without entries is nothing but zeros. tar takes that for no archive; it is what packing an empty directory gives. */
  get empty(): boolean {
    return this.#onlyZeros && this.#streamBytes >= 1024;
  }

  admits(entry: ReadEntry): boolean {
    this.#entries += 1;
    this.#bytes += entry.size;
    if (this.#entries > this.#limits.entries) this.#refuse(`it has more than ${this.#limits.entries} entries`);
    if (this.#bytes > this.#limits.bytes) this.#refuse(`it unpacks to more than ${this.#limits.bytes} bytes`);
    const problem = entryProblem(entry);
    if (problem !== undefined) this.#refuse(problem);
    // the bits beyond rwx mean little on a directory and are common there (setgid): dropped, not refused
    if (entry.type === 'Directory') entry.mode = (entry.mode ?? 0o777) & 0o777;
    return this.refusal === undefined;
  }

  #refuse(problem: string): void {
    this.refusal ??= problem;
  }
}

function entryProblem({ path, type, linkpath = '', mode = 0 }: ReadEntry): string | undefined {
  if (leadsOut(path)) return `the name '${path}' leads out of it`;
  switch (type) {
    case 'Directory':
      return undefined;
    case 'File':
    case 'OldFile':
    case 'ContiguousFile':
      return (mode & 0o6000) === 0 ? undefined : `'${path}' has the setuid or setgid bit`;
    case 'SymbolicLink':
      return linkStaysInside(path, linkpath) ? undefined : `the symbolic link '${path}' leads out of it, to '${linkpath}'`;
    case 'Link':
      return leadsOut(linkpath) ? `the hard link '${path}' leads out of it, to '${linkpath}'` : undefined;
    default:
      return `'${path}' is neither a file, a directory nor a link (${type})`;
  }
}

function leadsOut(path: string): boolean {
  return path === '' || path.startsWith('/') || /[\\\0]/.test(path) || path.split('/').includes('..');
}
