import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Io } from '../../io.ts';
import { withValues } from '../connection-values.ts';
import { type FoundManifest, type Kind, KINDS, ODAHUS_OTHER_KINDS } from '../manifest.ts';
import { fromOdahu } from '../odahu-values.ts';
import { manifestFiles, readKinds } from '../read-manifest.ts';
import type { Resource } from './resource.ts';

export interface ReadResources {
  /** Connections first, then toolchains, then trainings: what others need goes before them. */
  readonly resources: readonly Resource[];
  /** What was left out, as people read it; the doubtful too. */
  readonly skipped: readonly string[];
  /** What was left out and may have been meant for us: nothing may be deleted for not being described. */
  readonly doubtful: readonly string[];
}

export interface ReadOptions {
  /** Secrets are in base64, and kinds that lie outside of training are left out. */
  readonly odahu: boolean;
  /** False: nobody needs the secrets. */
  readonly values: boolean;
}

/** Every resource of files, directories or stdin. Each may be described once. */
export async function readResources(io: Io, names: readonly string[], { odahu, values }: ReadOptions): Promise<ReadResources> {
  const resources: Resource[] = [];
  const skipped: string[] = [];
  const doubts: string[] = [];
  const kinds = odahu ? [...KINDS, ...ODAHUS_OTHER_KINDS] : KINDS;
  for (const name of names) {
    const { files, foreign, doubtful } = await manifestFiles(io, name, kinds);
    skipped.push(...foreign, ...doubtful);
    doubts.push(...doubtful);
    for (const file of files) {
      const { manifests, ...place } = await readKinds(io, file, kinds);
      for (const found of manifests) {
        if (isOurs(found)) resources.push(await whole(odahu ? fromOdahu(found) : found, { io, place, values }));
        else skipped.push(`${found.manifest.kind} '${found.manifest.id}' is left out: it lies outside of training`);
      }
    }
  }
  refuseTwice(resources);
  return { resources: KINDS.flatMap((kind) => resources.filter(({ manifest }) => manifest.kind === kind)), skipped, doubtful: doubts };
}

function isOurs(found: FoundManifest<string>): found is FoundManifest<Kind> {
  return KINDS.some((kind) => kind === found.manifest.kind);
}

async function whole({ manifest, where }: FoundManifest<Kind>, { io, place, values }: { readonly io: Io; readonly place: Pick<Resource, 'dir' | 'file'>; readonly values: boolean }): Promise<Resource> {
  const spec = values && manifest.kind === 'Connection' ? await withValues(manifest.spec, { dir: place.dir, env: io.env, where }) : manifest.spec;
  return { manifest: { ...manifest, spec }, where, ...place };
}

function refuseTwice(resources: readonly Resource[]): void {
  const seen = new Map<string, Resource>();
  for (const resource of resources) {
    const { kind, id } = resource.manifest;
    const before = seen.get(`${kind}/${id}`);
    if (before !== undefined) throw new TrainyardError('INVALID_MANIFEST', { file: resource.where, problem: `${kind} '${id}' is described in ${before.where} already: keep one of them` });
    seen.set(`${kind}/${id}`, resource);
  }
}
