import type { Attempt } from '../attempt.ts';
import { reach, type Reached, reachSpec } from '../sources/reach.ts';
import { fetchSnapshot } from '../sources/snapshot.ts';
import { transfer } from '../sources/transfer.ts';
import { StepFailure } from '../step-failure.ts';

export interface Source {
  readonly dir: string;
  readonly commit: string | undefined;
}

/** Puts the code of the training into the workspace. */
export async function fetchSource(attempt: Attempt): Promise<Source> {
  const { git, vcs, objectStorage, snapshot } = attempt.order.spec.algorithmSource;
  if (git !== undefined) return fetchRepository(attempt, await reachGit(attempt, git.url), git.reference);
  if (vcs !== undefined) return fetchRepository(attempt, await reach(attempt, vcs.connection), vcs.reference);
  if (objectStorage !== undefined) return fetchObjects(attempt, await reach(attempt, objectStorage.connection), objectStorage.path);
  if (snapshot !== undefined) return fetchUpload(attempt, snapshot.digest);
  throw new StepFailure('bad_spec', 'the training names no source: algorithmSource needs git, vcs, objectStorage or snapshot');
}

/** A server that is away longer than a restart takes is tried again by the next attempt. */
const SOURCE_PATIENCE_MS = 120_000;

/** A repository without a connection: with the credentials of the machine, and anywhere on it, as its engine allows that at all. */
function reachGit(attempt: Attempt, url: string): Promise<Reached> {
  return reachSpec({ ...attempt, order: { ...attempt.order, localRoots: ['/'] } }, { type: 'git', uri: url, credentials: 'ambient', vital: false });
}

/** Without a reference of the training the connection's own counts. */
async function fetchRepository(attempt: Attempt, from: Reached, reference: string | undefined): Promise<Source> {
  const { version } = await transfer(attempt, { ...sourceOf(attempt), from, reference: reference === '' ? undefined : reference });
  attempt.log.say(`source: commit ${version} of ${from.spec.uri}`);
  attempt.know({ commit: version });
  return { dir: attempt.paths.workspace, commit: version };
}

async function fetchObjects(attempt: Attempt, from: Reached, path: string | undefined): Promise<Source> {
  const { version, files } = await transfer(attempt, { ...sourceOf(attempt), from, path: path === '' ? undefined : path });
  attempt.log.say(`source: ${files} ${files === 1 ? 'file' : 'files'} of ${from.spec.uri}, version ${version.slice(0, 12)}`);
  attempt.know({ sourceDigest: version });
  return { dir: attempt.paths.workspace, commit: undefined };
}

async function fetchUpload(attempt: Attempt, digest: string): Promise<Source> {
  const { paths, cacheDir, link, signal } = attempt;
  await fetchSnapshot({ digest, into: paths.workspace, cacheDir, limits: limitsOf(attempt), link, signal, patienceMs: SOURCE_PATIENCE_MS });
  attempt.log.say(`source: upload ${digest.slice(0, 12)}`);
  attempt.know({ sourceDigest: digest });
  return { dir: paths.workspace, commit: undefined };
}

function sourceOf(attempt: Attempt) {
  return { name: 'source', step: 'source', unreachable: 'source_unavailable', into: attempt.paths.workspace, limits: limitsOf(attempt) } as const;
}

function limitsOf({ order }: Attempt): { readonly bytes: number; readonly entries: number } {
  return { bytes: order.limits.sourceBytes, entries: order.limits.sourceEntries };
}
