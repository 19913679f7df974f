import { rm } from 'node:fs/promises';
import { type Connection, type ConnectionContext, ConnectionError, type Fetched, type FetchRequest, type Place } from '../connection.ts';
import { checkLinks, checkTree } from './check-tree.ts';
import { gitFailure, withoutPasswords } from './git-failure.ts';
import { type GitEnd, runGit } from './git-program.ts';
import { notFound, resolveReference, type Wanted } from './resolve-reference.ts';

/** A git repository by https:// or file://; the reference is a branch, a tag, a commit or the first digits of one. */
export const connection: Connection = {
  type: 'git',
  async check(place: Place, context: ConnectionContext): Promise<void> {
    await resolveReference(place, context);
  },
  async fetch(request: FetchRequest, context: ConnectionContext): Promise<Fetched> {
    const wanted = await resolveReference(request, context);
    try {
      const commit = await fetchCommit(request, wanted, context);
      const tree = await checkTree(request.into, commit, request.limits, context);
      await mustWork(['-C', request.into, 'checkout', '--quiet', '--force', '--detach', commit], `commit ${commit} cannot be written to disk`, context);
      await checkLinks(request.into, tree.links);
      return { version: commit, notes: tree.submodules.length === 0 ? [] : [`submodules are not fetched: ${tree.submodules.join(', ')}`] };
    } catch (error) {
      await rm(request.into, { recursive: true, force: true });
      throw error;
    }
  },
};

/** Brings the commit, without its history where the server allows that. `.git` stays: training programs read it. */
async function fetchCommit(request: FetchRequest, wanted: Wanted, context: ConnectionContext): Promise<string> {
  const { into, url } = request;
  await mustWork(['init', '--quiet', '--template=', '--', into], 'the source directory cannot be made', context);
  await mustWork(['-C', into, 'config', 'remote.origin.url', url], 'the source directory cannot be made', context);
  switch (wanted.kind) {
    case 'ref':
      await mustWork(fetchArgs(into, ['--depth=1'], [wanted.name]), `${wanted.name} cannot be fetched from ${withoutPasswords(url)}`, context);
      return commitOf(request, 'FETCH_HEAD', context);
    case 'commit': {
      const shallow = await runGit(fetchArgs(into, ['--depth=1'], [wanted.id]), context);
      if (shallow.exitCode !== 0) await fetchAll(request, context);
      return commitOf(request, wanted.id, context);
    }
    case 'digits':
      await fetchAll(request, context);
      return commitOf(request, wanted.digits, context);
    default:
      return wanted satisfies never;
  }
}

/** A server that hands out only what its names lead to is asked for all of them. */
async function fetchAll({ into, url }: FetchRequest, context: ConnectionContext): Promise<void> {
  await mustWork(fetchArgs(into, [], ['+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*']), `${withoutPasswords(url)} cannot be fetched`, context);
}

function fetchArgs(into: string, options: readonly string[], refspecs: readonly string[]): string[] {
  return ['-C', into, 'fetch', '--quiet', '--no-tags', '--no-recurse-submodules', '--no-write-commit-graph', ...options, '--', 'origin', ...refspecs];
}

async function commitOf(request: FetchRequest, name: string, context: ConnectionContext): Promise<string> {
  const end = await runGit(['-C', request.into, 'rev-parse', '--verify', '--end-of-options', `${name}^{commit}`], context);
  const commit = end.stdout.trim();
  if (end.exitCode === 0 && commit !== '') return commit;
  if (/ambiguous/i.test(end.stderr)) throw new ConnectionError('not_found', `several commits of ${withoutPasswords(request.url)} begin with '${name}': write more digits. git says: ${end.stderr.trim().slice(0, 1000)}`);
  throw await notFound(request.url, request.reference, context);
}

async function mustWork(args: readonly string[], what: string, context: ConnectionContext): Promise<GitEnd> {
  const end = await runGit(args, context);
  if (end.exitCode !== 0) throw gitFailure(what, end);
  return end;
}
