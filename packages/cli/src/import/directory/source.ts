import { createReadStream } from 'node:fs';
import { lstat, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { isTrainyardError, messageOf, TrainyardError } from '@trainyard/core/errors.ts';
import { readRecord } from '@trainyard/core/tracking/records/read-record.ts';
import { RECORD_FORMAT, RECORD_LIMITS, type RecordKind, type RecordOf, type TransferRecord } from '@trainyard/core/tracking/records/record.ts';
import { ARTIFACT_FILE, type ArtifactEntry, artifactFile, type Manifest, MANIFEST_FILE, RECORD_FILES } from '../../export/layout.ts';
import type { Io } from '../../io.ts';
import type { Folder, RecordSource, SourceFile, SourceItem } from '../record-source.ts';
import { fileLines } from './file-lines.ts';

const MAX_ENTRY_BYTES = 64 * 1024;

/** The directory that an export wrote. */
export async function openDirectory(from: readonly string[], experiments: readonly string[] | undefined, io: Pick<Io, 'cwd'>): Promise<RecordSource> {
  const [name = '', ...more] = from;
  if (more.length > 0) throw new TrainyardError('USAGE', { problem: `'${name}' is no kind of source`, advice: 'write: trainyard import mlflow URI, or: trainyard import DIR' });
  if (experiments !== undefined) throw new TrainyardError('USAGE', { problem: '--experiments goes with mlflow: a directory is brought whole', advice: 'choose them when you export: trainyard export DIR --experiments NAMES' });
  const dir = path.resolve(io.cwd, name);
  return new DirectorySource(dir, await readManifest(dir, name));
}

async function readManifest(dir: string, shown: string): Promise<Manifest> {
  let manifest: Partial<Manifest>;
  try {
    manifest = JSON.parse(await readFile(path.join(dir, MANIFEST_FILE), 'utf8')) as Partial<Manifest>;
  } catch (error) {
    throw new TrainyardError('USAGE', { problem: `'${shown}' holds no export: ${messageOf(error)}`, advice: 'name the directory that trainyard export wrote to its end' }, { cause: error });
  }
  if (manifest.program !== 'trainyard' || typeof manifest.format !== 'number') throw new TrainyardError('USAGE', { problem: `'${shown}' holds no export of Trainyard`, advice: 'name the directory that trainyard export wrote' });
  if (manifest.format > RECORD_FORMAT) throw new TrainyardError('USAGE', { problem: `'${shown}' was written by a newer Trainyard (format ${String(manifest.format)}, this one reads ${RECORD_FORMAT})`, advice: 'import it with that version' });
  return manifest as Manifest;
}

class DirectorySource implements RecordSource {
  readonly #dir: string;
  readonly #manifest: Manifest;
  readonly #remarks = new Set<string>();
  #owners: Promise<ReadonlyMap<string, { readonly start: number; readonly count: number }>> | undefined;

  constructor(dir: string, manifest: Manifest) {
    this.#dir = dir;
    this.#manifest = manifest;
  }

  async facts() {
    const { version, exportedAt, experiments, counts } = this.#manifest;
    const which = experiments === null ? '' : `, of ${experiments.length} experiments`;
    return { title: `export of Trainyard ${version} in ${this.#dir}, written ${exportedAt}${which}`, counts, leftOut: [], warnings: [] };
  }

  async *records<K extends RecordKind>(kind: K, from?: string): AsyncGenerator<SourceItem<K>> {
    const file = RECORD_FILES[kind];
    for await (const { number, text, end } of fileLines(path.join(this.#dir, file), { start: Number(from ?? 0), maxBytes: RECORD_LIMITS.lineBytes })) {
      const record = this.#read(kind, text, `${file}, ${from === undefined ? `line ${number}` : `the line that ends at byte ${end}`}`);
      if (record === undefined) continue;
      yield { record, place: String(end), folder: await this.#folderOf(record) };
    }
  }

  remarks(): readonly string[] {
    return [...this.#remarks];
  }

  async close(): Promise<void> {}

  #read<K extends RecordKind>(kind: K, text: string | undefined, place: string): RecordOf<K> | undefined {
    try {
      if (text === undefined) throw new SyntaxError(`longer than ${RECORD_LIMITS.lineBytes} bytes`);
      const record = readRecord(JSON.parse(text));
      if (record.kind === kind) return record as RecordOf<K>;
      this.#remarks.add(`${place}: a ${record.kind} does not belong there`);
    } catch (error) {
      if (!(error instanceof SyntaxError) && !isTrainyardError(error)) throw error;
      this.#remarks.add(`${place}: ${messageOf(error)}`);
    }
    return undefined;
  }

  async #folderOf(record: TransferRecord): Promise<Folder | undefined> {
    if (record.kind !== 'run' && record.kind !== 'logged_model') return undefined;
    return this.#folder(record.kind === 'run' ? 'run' : 'model', record.id);
  }

  async #folder(owner: 'run' | 'model', id: string): Promise<Folder | undefined> {
    this.#owners ??= this.#indexArtifacts();
    const found = (await this.#owners).get(`${owner} ${id}`);
    if (found === undefined) return undefined;
    return { list: () => this.#files(found), open: (file) => this.#open({ owner, id, path: file }) };
  }

  /** Where in the list the files of each owner stand: they follow one another. */
  async #indexArtifacts(): Promise<Map<string, { start: number; count: number }>> {
    const owners = new Map<string, { start: number; count: number }>();
    let start = 0;
    for await (const { text, end } of fileLines(path.join(this.#dir, ARTIFACT_FILE), { maxBytes: MAX_ENTRY_BYTES })) {
      const entry = entryOf(text);
      const key = `${entry?.owner} ${entry?.id}`;
      const known = owners.get(key);
      if (known === undefined) owners.set(key, { start, count: 1 });
      else known.count += 1;
      start = end;
    }
    return owners;
  }

  async *#files({ start, count }: { readonly start: number; readonly count: number }): AsyncGenerator<SourceFile> {
    let left = count;
    for await (const { text } of fileLines(path.join(this.#dir, ARTIFACT_FILE), { start, maxBytes: MAX_ENTRY_BYTES })) {
      const entry = entryOf(text);
      if (entry === undefined) this.#remarks.add(`${ARTIFACT_FILE}: a line is no entry of an artifact`);
      else yield { path: entry.path, sizeBytes: entry.sizeBytes, sha256: entry.sha256 };
      left -= 1;
      if (left === 0) return;
    }
  }

  /** Only ever below the directory of its owner, and by no link: who made the directory may have made one to a file of ours. */
  async #open(entry: Pick<ArtifactEntry, 'owner' | 'id' | 'path'>): Promise<AsyncIterable<Uint8Array>> {
    const dir = await realpath(this.#dir);
    const file = artifactFile(dir, entry);
    if ((await realpath(file)) !== file) throw new TrainyardError('INVALID_PATH', { path: entry.path });
    // a pipe never ends
    if (!(await lstat(file)).isFile()) throw new Error(`${entry.path} is no file`);
    return createReadStream(file, { highWaterMark: 256 * 1024 });
  }
}

function entryOf(text: string | undefined): ArtifactEntry | undefined {
  try {
    const entry = JSON.parse(text ?? '') as Partial<ArtifactEntry>;
    const isEntry = (entry.owner === 'run' || entry.owner === 'model') && typeof entry.id === 'string' && typeof entry.path === 'string' && typeof entry.sizeBytes === 'number';
    return isEntry ? (entry as ArtifactEntry) : undefined;
  } catch {
    // told by whoever reads it
    return undefined;
  }
}
