import { ConnectionError, type FetchLimits } from '../connection.ts';
import { gitFailure } from './git-failure.ts';
import { runGit } from './git-program.ts';
import type { Remote } from './remote.ts';
import { notFound, type Wanted } from './resolve-reference.ts';
import type { ProgramEnd } from './run-program.ts';
import { watchingPack } from './watch-pack.ts';

export interface CommitRequest {
  /** A directory that is empty, or not there yet. */
  readonly into: string;
  readonly wanted: Wanted;
  /** As the user wrote it. */
  readonly reference: string | undefined;
  readonly limits: FetchLimits;
}

/** Brings the commit, without its history where the server allows that; no file of it is written. `.git` stays: training programs read it. */
export async function fetchCommit(remote: Remote, request: CommitRequest): Promise<string> {
  const { into, limits } = request;
  await mustWork(remote, ['init', '--quiet', '--template=', '--', into], 'the source directory cannot be made');
  await mustWork(remote, ['-C', into, 'config', 'remote.origin.url', remote.url], 'the source directory cannot be made');
  const name = await watchingPack({ dir: into, limitBytes: limits.bytes }, remote.context, (context) => bring({ ...remote, context }, request));
  return commitOf(remote, { ...request, name });
}

/** Answers under which name the commit is there now. */
async function bring(remote: Remote, { into, wanted }: CommitRequest): Promise<string> {
  switch (wanted.kind) {
    case 'ref':
      await mustWork(remote, fetchArgs(into, ['--depth=1'], [wanted.name]), `${wanted.name} cannot be fetched from ${remote.url}`);
      return 'FETCH_HEAD';
    case 'commit': {
      const shallow = await runGit(fetchArgs(into, ['--depth=1'], [wanted.id]), remote.context);
      if (shallow.exitCode !== 0) await fetchAll(remote, into);
      return wanted.id;
    }
    case 'digits':
      await fetchAll(remote, into);
      return wanted.digits;
    default:
      return wanted satisfies never;
  }
}

export async function mustWork(remote: Remote, args: readonly string[], what: string): Promise<ProgramEnd> {
  const end = await runGit(args, remote.context);
  if (end.exitCode !== 0) throw gitFailure(what, end);
  return end;
}

/** A server that hands out only what its names lead to is asked for all of them. */
async function fetchAll(remote: Remote, into: string): Promise<void> {
  await mustWork(remote, fetchArgs(into, [], ['+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*']), `${remote.url} cannot be fetched`);
}

function fetchArgs(into: string, options: readonly string[], refspecs: readonly string[]): string[] {
  return ['-C', into, 'fetch', '--quiet', '--no-tags', '--no-recurse-submodules', '--no-write-commit-graph', ...options, '--', 'origin', ...refspecs];
}

async function commitOf(remote: Remote, { into, name, reference }: CommitRequest & { readonly name: string }): Promise<string> {
  const end = await runGit(['-C', into, 'rev-parse', '--verify', '--end-of-options', `${name}^{commit}`], remote.context);
  const commit = end.stdout.trim();
  if (end.exitCode === 0 && commit !== '') return commit;
  if (/ambiguous/i.test(end.stderr)) throw new ConnectionError('not_found', `several commits of ${remote.url} begin with '${name}': write more digits. git says: ${end.stderr.trim().slice(0, 1000)}`);
  throw await notFound(remote, reference);
}
