import type { ArtifactPlace } from '@trainyard/core/tracking/artifact-place.ts';
import { parseArtifactUri } from '@trainyard/core/tracking/artifact-place.ts';
import type { TransferNeeds } from './transfer-needs.ts';

/** A file of a run or logged model. */
export interface ArtifactLine {
  readonly kind: 'artifact';
  readonly owner: 'run' | 'model';
  /** Of the owner. */
  readonly id: string;
  /** Below the owner's directory. */
  readonly path: string;
  readonly sizeBytes: number;
}

const MAX_DEPTH = 64;

/** Every file of runs (32 hex digits) and logged models (`m-…`), as JSON lines; nothing of those that keep theirs elsewhere. */
export async function* listArtifacts(needs: TransferNeeds, owners: readonly string[]): AsyncGenerator<string> {
  for (const id of owners) {
    const place = await placeOf(needs, id);
    if (place === undefined) continue;
    for await (const file of below(needs, place, { directory: '', depth: 0 })) yield `${JSON.stringify({ kind: 'artifact', owner: place.kind, id, ...file } satisfies ArtifactLine)}\n`;
  }
}

async function placeOf({ tracking }: TransferNeeds, id: string): Promise<ArtifactPlace | undefined> {
  const owner = id.startsWith('m-') ? await tracking.loggedModels.find(id) : await tracking.runs.findInfo(id);
  return owner === undefined ? undefined : parseArtifactUri(owner.artifactUri)?.place;
}

async function* below(needs: TransferNeeds, place: ArtifactPlace, { directory, depth }: { readonly directory: string; readonly depth: number }): AsyncGenerator<{ path: string; sizeBytes: number }> {
  if (depth > MAX_DEPTH) return;
  for (const { name, sizeBytes } of await needs.artifacts.list(place, directory)) {
    const path = directory === '' ? name : `${directory}/${name}`;
    if (sizeBytes === undefined) yield* below(needs, place, { directory: path, depth: depth + 1 });
    else yield { path, sizeBytes };
  }
}
