import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Connection } from '../connection/connection.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { sizeText } from '../output/amounts.ts';
import type { LiveLine } from '../progress/live-line.ts';
import { progressLine } from '../progress/run-lines.ts';
import { listFiles, refused, type SourceListing } from '../source/list-files.ts';
import { withoutOtherManifests } from './other-manifests.ts';

export interface OwnPlace {
  readonly dir: string | undefined;
  /** Of the manifest; undefined when there is none. */
  readonly file?: string | undefined;
}

/** The files of a manifest's own directory, which are its source when it names no other. Other manifests are none of it. */
export async function listSource({ dir, file }: OwnPlace, where: string | undefined): Promise<SourceListing> {
  if (dir === undefined) throw new TrainyardError('INVALID_MANIFEST', { file: where ?? 'the training', problem: 'spec.algorithmSource is missing, and there is no directory to take the source from' });
  const listing = await withoutOtherManifests(await listFiles(dir), file);
  if (!listing.entries.some(({ kind }) => kind === 'file')) throw refused(listing.root, 'there are no files in it', 'name the directory of the training, or see what its .gitignore leaves out');
  return listing;
}

export interface SourceUpload {
  readonly manifest: Manifest;
  readonly listing: SourceListing;
  readonly live: LiveLine;
  readonly signal: AbortSignal;
}

/** Packs and uploads the source, and gives the manifest that refers to it. */
export async function attachSource(connection: Connection, { manifest, listing, live, signal }: SourceUpload): Promise<Manifest> {
  const [{ pack }, { uploadOnce }] = await Promise.all([import('../source/pack.ts'), import('../source/upload.ts')]);
  const startedAt = Date.now();
  try {
    live.show(() => ({ text: 'packing the source' }));
    await using snapshot = await pack(listing, signal);
    let sentBytes = 0;
    live.show(() => ({ text: 'uploading the source', aside: `${sizeText(sentBytes)} of ${sizeText(snapshot.sizeBytes)}` }));
    const how = await uploadOnce(connection, snapshot, (bytes) => (sentBytes = bytes));
    live.clear();
    const message = `${sizeText(snapshot.sizeBytes)}, ${how === 'uploaded' ? '' : 'uploaded before, '}sha256 ${snapshot.digest.slice(0, 12)}`;
    await live.print([progressLine({ name: 'upload', state: 'succeeded', took: Date.now() - startedAt, message }, live.screen)]);
    return { ...manifest, spec: { ...manifest.spec, algorithmSource: { snapshot: { digest: snapshot.digest } } } };
  } finally {
    live.clear();
  }
}
