import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { RECORD_FORMAT, RECORD_KINDS, type RecordKind } from '@trainyard/core/tracking/records/record.ts';
import { readRecord } from '@trainyard/core/tracking/records/read-record.ts';
import { addTally, type Tally, tallyOf } from '@trainyard/core/tracking/records/tally.ts';
import { missingNames } from '../import/record-source.ts';
import { downloadFiles } from './download-files.ts';
import { ARTIFACT_FILE, type ArtifactEntry, type Manifest, MANIFEST_FILE, RECORD_FILES } from './layout.ts';
import type { Origin } from './origin.ts';

export interface Exporting {
  readonly origin: Origin;
  /** Absolute. */
  readonly dir: string;
  readonly experiments: readonly string[] | undefined;
  readonly version: string;
  readonly exportedAt: string;
  readonly onTally: (tally: Tally) => void;
}

/** Points and artifacts are asked for with their runs or models, so that none comes without its owner. */
const WITH_OWNER: Partial<Record<RecordKind, RecordKind>> = { run: 'points', logged_model: 'model_points' };
const OWNERS_PER_PAGE = 100;

/** Writes everything into a directory; the manifest comes last. */
export async function exportAll(exporting: Exporting): Promise<Manifest> {
  const { dir, experiments, version, exportedAt } = exporting;
  await prepare(dir);
  const writer = new Writer(dir, exporting.onTally);
  try {
    for (const kind of RECORD_KINDS) {
      if (kind !== 'points' && kind !== 'model_points') await exportKind(exporting, writer, kind);
      const missing = missingNames(kind === 'experiment' ? experiments : undefined, [...writer.experiments]);
      if (missing.length > 0) throw new TrainyardError('USAGE', { problem: missing.join('; '), advice: 'see their names with: mlflow experiments search' });
    }
  } finally {
    await writer.close();
  }
  const manifest: Manifest = { format: RECORD_FORMAT, program: 'trainyard', version, exportedAt, experiments: experiments ?? null, counts: writer.tally };
  await writeFile(path.join(dir, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** A new directory, or one in which an export was broken off: its files are fetched only once. */
async function prepare(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const entries = await readdir(dir);
  if (entries.includes(MANIFEST_FILE)) throw new TrainyardError('USAGE', { problem: `'${dir}' holds an export already`, advice: 'choose a directory that is empty or not there yet' });
  const strange = entries.find((name) => name !== 'records' && name !== 'artifacts' && !name.startsWith('.part-'));
  if (strange !== undefined) throw new TrainyardError('USAGE', { problem: `'${dir}' is not empty: '${strange}' is none of an export`, advice: 'choose a directory that is empty or not there yet' });
  await rm(path.join(dir, 'records'), { recursive: true, force: true });
  for (const part of entries.filter((name) => name.startsWith('.part-'))) await rm(path.join(dir, part), { force: true });
  await mkdir(path.join(dir, 'records'));
}

async function exportKind({ origin, dir, experiments }: Exporting, writer: Writer, kind: RecordKind): Promise<void> {
  const points = WITH_OWNER[kind];
  for await (const page of origin.pages({ kind, experiments })) {
    const owners = await writer.write(kind, page);
    if (points === undefined) continue;
    for (let at = 0; at < owners.length; at += OWNERS_PER_PAGE) {
      const of = owners.slice(at, at + OWNERS_PER_PAGE);
      for await (const lines of origin.pages({ kind: points, of })) await writer.write(points, lines);
      for await (const lines of origin.pages({ kind: 'artifact', of })) await writer.writeArtifacts(await downloadFiles(origin, dir, parseLines(lines) as Omit<ArtifactEntry, 'sha256'>[]));
    }
  }
}

function parseLines(text: string): unknown[] {
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
}

/** The files of records, written as fast as the disk takes them, and what was counted on the way. */
class Writer {
  readonly #dir: string;
  readonly #onTally: (tally: Tally) => void;
  readonly #streams = new Map<string, WriteStream>();
  #failure: Error | undefined;
  tally: Tally = {};
  readonly experiments = new Set<string>();

  constructor(dir: string, onTally: (tally: Tally) => void) {
    this.#dir = dir;
    this.#onTally = onTally;
  }

  /** Answers the ids of runs or logged models. */
  async write(kind: RecordKind, text: string): Promise<string[]> {
    await this.#append(RECORD_FILES[kind], text);
    const owners: string[] = [];
    // read as whoever imports it will: what cannot be read back is found now
    for (const value of parseLines(text)) {
      const record = readRecord(value);
      this.tally = addTally(this.tally, tallyOf(record));
      if (record.kind === 'experiment') this.experiments.add(record.name);
      if (record.kind === 'run' || record.kind === 'logged_model') owners.push(record.id);
    }
    this.#onTally(this.tally);
    return owners;
  }

  async writeArtifacts(entries: readonly ArtifactEntry[]): Promise<void> {
    await this.#append(ARTIFACT_FILE, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    this.tally = addTally(this.tally, { artifacts: entries.length, artifactBytes: entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) });
    this.#onTally(this.tally);
  }

  async close(): Promise<void> {
    for (const stream of this.#streams.values()) {
      stream.end();
      await finished(stream).catch((error: unknown) => this.#fail(error as Error));
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #append(name: string, text: string): Promise<void> {
    const stream = this.#streams.get(name) ?? this.#open(name);
    if (!stream.write(text) && !stream.destroyed) await Promise.race([once(stream, 'drain'), once(stream, 'close')]);
    if (this.#failure !== undefined) throw this.#failure;
  }

  #open(name: string): WriteStream {
    const stream = createWriteStream(path.join(this.#dir, name), { flush: true });
    stream.on('error', (error) => this.#fail(error));
    this.#streams.set(name, stream);
    return stream;
  }

  #fail(error: Error): void {
    const { code } = error as NodeJS.ErrnoException;
    this.#failure ??= code === undefined ? error : new TrainyardError('USAGE', { problem: `'${this.#dir}' cannot be written (${code})`, advice: code === 'ENOSPC' ? 'free some space and run the command again: files that are there are not fetched again' : 'choose another directory' }, { cause: error });
  }
}
