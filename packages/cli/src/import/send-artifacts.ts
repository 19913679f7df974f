import { createHash } from 'node:crypto';
import { placePath } from '@trainyard/core/tracking/artifact-place.ts';
import { artifactSegments } from '@trainyard/core/tracking/artifact-path.ts';
import { isTrainyardError, messageOf } from '@trainyard/core/errors.ts';
import type { LoggedModelRecord, RunRecord } from '@trainyard/core/tracking/records/record.ts';
import { addTally, type Tally } from '@trainyard/core/tracking/records/tally.ts';
import { writeRecord } from '@trainyard/core/tracking/records/write-record.ts';
import { isServerAnswer } from '../exit-codes.ts';
import type { Progress } from './checkpoint.ts';
import type { Folder, SourceFile } from './record-source.ts';
import type { Sending } from './send-records.ts';

const OWNERS_PER_PAGE = 50;
const UPLOADS = 8;

/** A run or logged model whose artifacts come along. */
interface Owner {
  readonly kind: 'run' | 'model';
  readonly id: string;
  /** Where the proxy keeps them: `<experiment>/<run>/artifacts`. */
  readonly place: string;
  readonly folder: Folder;
}

interface Upload {
  readonly owner: Owner;
  readonly file: SourceFile;
}

export interface ArtifactTallies {
  readonly source: Tally;
  /** Of those, how much the server has now. */
  readonly here: Tally;
}

/**
 * Brings the artifacts of all runs and logged models. A file that is on the server with the same size is there already; one with
 * another size is somebody else's and stays. What is counted here is what the server lists afterwards.
 */
export async function sendArtifacts(sending: Sending, from: Progress, onTallies: (tallies: ArtifactTallies) => void): Promise<ArtifactTallies> {
  let tallies: ArtifactTallies = { source: { artifacts: 0, artifactBytes: 0 }, here: { artifacts: 0, artifactBytes: 0 } };
  const experiments = await experimentIds(sending);
  for await (const owners of pages(sending, experiments, new Set(from.refusedRuns))) {
    const page = await sendPage(sending, owners);
    tallies = { source: addTally(tallies.source, page.source), here: addTally(tallies.here, page.here) };
    onTallies(tallies);
  }
  return tallies;
}

/** The numbers experiments have on the server, by name. */
async function experimentIds({ source, target }: Sending): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>();
  const ask = async (lines: readonly string[]): Promise<void> => {
    for (const { name, id } of (await target.send(lines, true)).experiments) ids.set(name, id);
  };
  let lines: string[] = [];
  for await (const { record } of source.records('experiment')) {
    lines.push(writeRecord(record));
    if (lines.length < 150) continue;
    await ask(lines);
    lines = [];
  }
  if (lines.length > 0) await ask(lines);
  return ids;
}

async function* pages({ source }: Sending, experiments: ReadonlyMap<string, string>, refused: ReadonlySet<string>): AsyncGenerator<Owner[]> {
  let page: Owner[] = [];
  for (const kind of ['run', 'logged_model'] as const) {
    for await (const { record, folder } of source.records(kind)) {
      const experimentId = experiments.get(record.experiment);
      if (folder === undefined || experimentId === undefined || refused.has(record.id)) continue;
      page.push(ownerOf(record, { folder, experimentId }));
      if (page.length < OWNERS_PER_PAGE) continue;
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}

function ownerOf({ kind: recordKind, id }: RunRecord | LoggedModelRecord, { folder, experimentId }: { readonly folder: Folder; readonly experimentId: string }): Owner {
  const kind = recordKind === 'run' ? 'run' : 'model';
  return { kind, id, folder, place: placePath({ experimentId, kind, id }) };
}

async function sendPage({ target, findings }: Sending, owners: readonly Owner[]): Promise<ArtifactTallies> {
  const wanted = new Map<string, Upload>();
  for (const owner of owners) for await (const file of owner.folder.list()) wanted.set(keyOf(owner, file), { owner, file });
  const ids = owners.map(({ id }) => id);
  const before = await filesHere(target, ids);
  const missing: Upload[] = [];
  for (const [key, upload] of wanted) {
    const sizeBytes = before.get(key);
    if (sizeBytes === undefined) missing.push(upload);
    else if (sizeBytes !== upload.file.sizeBytes) findings.refuse(nameOf(upload), `is here with ${sizeBytes} bytes, ${upload.file.sizeBytes} would come`);
  }
  await inParallel(missing, (upload) => sendFile({ target, findings }, upload));
  const after = missing.length === 0 ? before : await filesHere(target, ids);
  const arrived = [...wanted].filter(([key, { file }]) => after.get(key) === file.sizeBytes).map(([, upload]) => upload);
  return { source: tallyOf([...wanted.values()]), here: tallyOf(arrived) };
}

async function filesHere(target: Sending['target'], ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  return new Map((await target.files(ids)).map((file) => [keyOf({ id: file.id }, file), file.sizeBytes]));
}

/** A file that may not be kept, or that is broken, is named and left out; a server that is full ends the import. */
async function sendFile({ target, findings }: Pick<Sending, 'target' | 'findings'>, upload: Upload): Promise<void> {
  const { owner, file } = upload;
  try {
    artifactSegments(file.path);
    await target.upload(owner.place, file, () => checked(readable(owner.folder, file), file));
  } catch (error) {
    const ofFile = error instanceof BrokenFile || (isTrainyardError(error) && error.code === 'INVALID_PATH') || (isServerAnswer(error) && [400, 404, 413].includes(error.status));
    if (!ofFile) throw error;
    findings.refuse(nameOf(upload), messageOf(error));
  }
}

/** The file itself is wrong, not the way to it. */
class BrokenFile extends Error {
  override readonly name = 'BrokenFile';
}

/** A file that cannot be read is broken; a source that is gone ends everything. */
async function* readable(folder: Folder, file: SourceFile): AsyncGenerator<Uint8Array> {
  try {
    yield* await folder.open(file.path);
  } catch (error) {
    throw isTrainyardError(error) ? error : new BrokenFile(`cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** Bytes as they are sent; the last ones are held back until it is sure that all of them are right. */
async function* checked(bytes: AsyncIterable<Uint8Array>, file: SourceFile): AsyncGenerator<Uint8Array> {
  const hash = file.sha256 === undefined ? undefined : createHash('sha256');
  let sizeBytes = 0;
  let held: Uint8Array | undefined;
  for await (const chunk of bytes) {
    hash?.update(chunk);
    sizeBytes += chunk.length;
    if (held !== undefined) yield held;
    held = chunk;
  }
  if (sizeBytes !== file.sizeBytes) throw new BrokenFile(`has ${sizeBytes} bytes, ${file.sizeBytes} were announced`);
  if (hash !== undefined && hash.digest('hex') !== file.sha256) throw new BrokenFile('is not what it was: its sha256 is another one');
  if (held !== undefined) yield held;
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(UPLOADS, items.length) }, worker));
}

function tallyOf(uploads: readonly Upload[]): Tally {
  return { artifacts: uploads.length, artifactBytes: uploads.reduce((sum, { file }) => sum + file.sizeBytes, 0) };
}

function keyOf({ id }: { readonly id: string }, { path }: { readonly path: string }): string {
  return `${id}/${path.normalize('NFC')}`;
}

function nameOf({ owner, file }: Upload): string {
  return `artifact '${file.path}' of ${owner.kind === 'run' ? 'run' : 'logged model'} ${owner.id}`;
}
