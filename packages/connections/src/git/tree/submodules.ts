import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { withoutEndingSlashes } from '@trainyard/core/ending-slashes.ts';
import { ConnectionError } from '../../connection.ts';
import { withoutPasswords } from '../git-failure.ts';
import { runGit } from '../git-program.ts';
import { type GitUrl, resolveGitUrl } from '../git-url.ts';
import type { Remote } from '../remote.ts';
import type { Submodule } from './check-tree.ts';

export interface SubmodulePlace {
  /** Absolute, an empty directory that git has made. */
  readonly into: string;
  readonly path: string;
  readonly commit: string;
  readonly at: GitUrl;
  /** With the credentials of the connection only for its own host. */
  readonly spec: ConnectionSpec;
}

/** Where the submodules of a commit come from. Throws ConnectionError when one leads where it may not. */
export async function placesOf(remote: Remote, dir: string, submodules: readonly Submodule[], spec: ConnectionSpec): Promise<SubmodulePlace[]> {
  if (submodules.length === 0) return [];
  const urls = await readUrls(remote, dir);
  return Promise.all(submodules.map(async ({ path, commit }) => {
    const at = allowedUrl(remote.at, path, urls.get(path));
    return { into: await insideOf(dir, path), path, commit, at, spec: sameServer(remote.at, at) ? spec : withoutCredentials(spec) };
  }));
}

/** Path → URL; nothing without a .gitmodules. Read from the commit and not from the file, which may be a link; git follows no includes of it. */
async function readUrls(remote: Remote, dir: string): Promise<ReadonlyMap<string, string>> {
  const end = await runGit(['-C', dir, 'config', '--blob', 'HEAD:.gitmodules', '-z', '--get-regexp', '^submodule\\..*\\.(path|url)$'], remote.context);
  const values = new Map(end.stdout.split('\0').flatMap((entry) => {
    const at = entry.indexOf('\n');
    return at < 0 ? [] : [[entry.slice(0, at), entry.slice(at + 1)] as const];
  }));
  return new Map([...values].flatMap(([key, value]) => (key.endsWith('.path') ? [[withoutEndingSlashes(value), values.get(key.replace(/path$/, 'url')) ?? ''] as const] : [])));
}

function allowedUrl(from: GitUrl, path: string, uri: string | undefined): GitUrl {
  const at = uri === undefined ? undefined : resolveGitUrl(from, uri);
  if (at === undefined) throw new ConnectionError('invalid', `the submodule '${path}' is not fetched: .gitmodules names ${uri === undefined ? 'no URL' : `'${withoutPasswords(uri)}'`}, and it has to be git@host:path, ssh://, https:// or relative`);
  if (at.kind === 'file' && from.kind !== 'file') throw new ConnectionError('invalid', `the submodule '${path}' is not fetched: '${at.url}' would be a directory of the machine that fetches it`);
  return at;
}

/** A commit that was made by hand may have a link and a directory of the same name. */
async function insideOf(dir: string, path: string): Promise<string> {
  const root = await realpath(dir);
  const real = await realpath(join(root, path)).catch(() => undefined);
  if (real === join(root, path)) return real;
  throw new ConnectionError('invalid', `the submodule '${path}' is not fetched: its place leads out of the source`);
}

function sameServer(one: GitUrl, other: GitUrl): boolean {
  if (one.kind === 'file' || other.kind === 'file') return one.kind === other.kind;
  return one.kind === other.kind && one.host === other.host && one.port === other.port;
}

function withoutCredentials({ type, uri, vital, credentials, submodules, lfs }: ConnectionSpec): ConnectionSpec {
  return { type, uri, vital, credentials, submodules, lfs };
}
