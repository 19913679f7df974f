import type { Training } from '@trainyard/api/schemas/training.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Cli } from '../cli.ts';
import type { Connection } from '../connection/connection.ts';
import { isServerAnswer } from '../exit-codes.ts';
import { type FoundManifest, type Manifest, namesSource } from '../manifest/manifest.ts';
import { checkEngine, checkManifest } from '../manifest/check-manifest.ts';
import { findManifests } from '../manifest/read-manifest.ts';
import type { OutputFormat } from '../output/format.ts';
import { LiveLine } from '../progress/live-line.ts';
import { attachSource, listSource, type OwnPlace } from './attach-source.ts';
import { submit } from './submit.ts';

export interface ManifestOrder {
  /** File, or `-` for stdin. */
  readonly file: string;
  readonly mode: 'create' | 'create_new' | 'edit';
  readonly run: boolean;
  readonly output: OutputFormat;
}

/** Sends every training of a manifest, one after the other. The first that is refused ends it; those before it stay. */
export async function sendManifests(cli: Cli, { file, mode, run, output }: ManifestOrder): Promise<void> {
  const { manifests, ...place } = await findManifests(cli.io, file);
  if (manifests.length === 0) throw new TrainyardError('USAGE', { problem: `there is no manifest of a training in '${file}'`, advice: 'name one, or begin with: trainyard template training' });
  const connection = await cli.connect();
  const done: Training[] = [];
  for (const { manifest, where } of manifests) checkManifest(manifest, where);
  for (const found of manifests) {
    await checkEngine(connection, found.manifest);
    const manifest = await withSource(cli, connection, { found, place });
    const training = await send(connection, { manifest, mode, run });
    const word = training === undefined ? 'exists already, left as it is' : mode === 'edit' ? 'edited' : 'created';
    if (training !== undefined) done.push(training);
    if (output.kind === 'table') await cli.out.lines([doneText({ id: manifest.id, word, training: run ? training : undefined })]);
  }
  if (output.kind !== 'table') await cli.print(manifests.length === 1 ? (done[0] ?? {}) : { items: done }, output, () => []);
}

async function withSource(cli: Cli, connection: Connection, { found, place }: { readonly found: FoundManifest; readonly place: OwnPlace }): Promise<Manifest> {
  const { manifest, where } = found;
  if (namesSource(manifest)) return manifest;
  const listing = await listSource(place, where);
  return await attachSource(connection, { manifest, listing, live: new LiveLine(cli.err), signal: cli.io.interrupted });
}

async function send(connection: Connection, { manifest, mode, run }: { readonly manifest: Manifest; readonly mode: ManifestOrder['mode']; readonly run: boolean }): Promise<Training | undefined> {
  try {
    return await submit(connection, { manifest, exists: mode === 'edit', run });
  } catch (error) {
    if (mode === 'create_new' && isServerAnswer(error) && error.code === 'TRAINING_EXISTS') return undefined;
    throw error;
  }
}

function doneText({ id, word, training }: { readonly id: string; readonly word: string; readonly training: Training | undefined }): string {
  const { runNumber, state } = training?.status ?? {};
  return `training '${id}' ${word}${runNumber === undefined ? '' : `, run ${runNumber} ${state}`}`;
}
