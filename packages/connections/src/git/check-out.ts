import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { ConnectionError } from '../connection.ts';
import { type CommitRequest, fetchCommit, mustWork } from './fetch-commit.ts';
import { type Remote, withRemoteAt } from './remote.ts';
import { checkLinks, checkTree, refuseTooLarge, type Submodule } from './tree/check-tree.ts';
import { fetchLargeFiles, pointersIn } from './tree/large-files.ts';
import { placesOf } from './tree/submodules.ts';

export interface CheckOutRequest extends CommitRequest {
  /** `submodules` and `lfs` say what else is fetched. */
  readonly spec: ConnectionSpec;
}

export interface CheckedOut {
  readonly commit: string;
  readonly files: number;
  readonly sizeBytes: number;
  readonly notes: readonly string[];
}

const DEEPEST = 8;

/** Writes the files of a commit, with its large files and submodules where the connection asks for them, all within the limits. */
export async function checkOut(remote: Remote, request: CheckOutRequest, depth = 0): Promise<CheckedOut> {
  const { into, spec, limits } = request;
  const commit = await fetchCommit(remote, request);
  const tree = await checkTree(remote, { dir: into, commit, limits });
  await mustWork(remote, ['-C', into, 'checkout', '--quiet', '--force', '--detach', commit], `commit ${commit} cannot be written to disk`);
  await checkLinks(into, tree.links);
  const large = await largeFiles(remote, request, tree.sizeBytes);
  const own: CheckedOut = { commit, files: tree.files, sizeBytes: tree.sizeBytes + large.sizeBytes, notes: [...remote.notes, ...large.notes] };
  if (tree.submodules.length === 0) return own;
  if (spec.submodules !== true) return { ...own, notes: [...own.notes, `submodules are not fetched: ${tree.submodules.map(({ path }) => path).join(', ')} (submodules: true of a connection fetches them)`] };
  if (depth === DEEPEST) throw new ConnectionError('invalid', `the submodules of the source are nested deeper than ${DEEPEST}: is one its own submodule?`);
  return withSubmodules(remote, request, { own, submodules: tree.submodules, depth });
}

async function largeFiles(remote: Remote, { into, spec, limits }: CheckOutRequest, besideBytes: number): Promise<{ readonly sizeBytes: number; readonly notes: readonly string[] }> {
  const pointers = await pointersIn(remote, into);
  const [first] = pointers;
  if (first === undefined) return { sizeBytes: 0, notes: [] };
  const others = pointers.length === 1 ? '' : ` and ${pointers.length - 1} more`;
  if (spec.lfs !== true) return { sizeBytes: 0, notes: [`large files are not fetched, only the pointers of git-lfs are there: ${first.path}${others} (lfs: true of a connection fetches them)`] };
  const sizeBytes = pointers.reduce((sum, pointer) => sum + pointer.sizeBytes, 0);
  refuseTooLarge({ files: 0, sizeBytes: besideBytes + sizeBytes }, limits);
  await fetchLargeFiles(remote, into);
  return { sizeBytes, notes: [] };
}

/** One after the other: each may use what the ones before have left of the limits. */
async function withSubmodules(remote: Remote, { into, spec, limits }: CheckOutRequest, { own, submodules, depth }: { readonly own: CheckedOut; readonly submodules: readonly Submodule[]; readonly depth: number }): Promise<CheckedOut> {
  let all = own;
  for (const place of await placesOf(remote, into, submodules, spec)) {
    const left = { bytes: limits.bytes - all.sizeBytes, entries: limits.entries - all.files };
    const wanted = { kind: 'commit', id: place.commit } as const;
    const one = await withRemoteAt(place.at, place.spec, remote.context, (from) => checkOut(from, { into: place.into, wanted, reference: place.commit, spec: place.spec, limits: left }, depth + 1));
    all = { ...all, files: all.files + one.files, sizeBytes: all.sizeBytes + one.sizeBytes, notes: [...new Set([...all.notes, ...one.notes])] };
  }
  return all;
}
