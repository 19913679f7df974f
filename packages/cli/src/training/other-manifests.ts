import { readFile, realpath } from 'node:fs/promises';
import { KINDS } from '../manifest/manifest.ts';
import { MANIFEST_NAME, MAX_MANIFEST_BYTES } from '../manifest/read-manifest.ts';
import type { SourceListing } from '../source/list-files.ts';

/**
 * The listing without the manifests that lie beside that of a training: a change of one of them is no change of this training, and
 * what stands in that of a connection is not to be handed out with the source. Its own stays, as a file of the project.
 */
export async function withoutOtherManifests(listing: SourceListing, own: string | undefined): Promise<SourceListing> {
  const ownFile = own === undefined ? undefined : await realpath(own);
  const left = new Set<string>();
  for (const { name, file, kind, sizeBytes } of listing.entries) {
    if (kind !== 'file' || name.includes('/') || !MANIFEST_NAME.test(name) || sizeBytes > MAX_MANIFEST_BYTES || file === ownFile) continue;
    const { recognise } = await import('../manifest/recognise.ts');
    if (recognise(await readFile(file, 'utf8'), KINDS).is === 'manifest') left.add(name);
  }
  if (left.size === 0) return listing;
  return { ...listing, entries: listing.entries.filter(({ name }) => !left.has(name)), notes: [...listing.notes, ...[...left].map((name) => `left out ${name}: another manifest`)] };
}
