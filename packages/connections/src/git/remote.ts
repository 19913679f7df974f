import { realpath, rm } from 'node:fs/promises';
import { sep } from 'node:path';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { type ConnectionContext, ConnectionError } from '../connection.ts';
import { withoutPasswords } from './git-failure.ts';
import { type FileUrl, type GitUrl, parseGitUrl } from './git-url.ts';
import { httpsLogin } from './https-login.ts';
import { sshLogin } from './ssh/ssh-login.ts';

/** A repository that git can be sent to: its environment has the credentials, its URL has none. */
export interface Remote {
  readonly at: GitUrl;
  readonly url: string;
  /** For `runGit`. */
  readonly context: ConnectionContext;
  /** What the user should know although it is no failure. */
  readonly notes: readonly string[];
  /** Lines of known_hosts, when the connection had pinned none. */
  readonly publicKey?: string | undefined;
}

/** Opens the repository of a connection; what had to be written for that is gone when `use` has ended. */
export async function withRemote<T>(spec: ConnectionSpec, context: ConnectionContext, use: (remote: Remote) => Promise<T>): Promise<T> {
  return withRemoteAt(urlOf(spec.uri), spec, context, use);
}

/** The same for another repository with the credentials of the connection, which are good for its own host only. */
export async function withRemoteAt<T>(at: GitUrl, spec: ConnectionSpec, context: ConnectionContext, use: (remote: Remote) => Promise<T>): Promise<T> {
  const open = (env: Readonly<Record<string, string>>, more: Partial<Remote> = {}): Promise<T> =>
    use({ at, url: at.url, notes: [], ...more, context: { ...context, env: { ...context.env, ...env, GIT_ALLOW_PROTOCOL: at.kind } } });
  switch (at.kind) {
    case 'https':
      return open(await httpsLogin(at, spec, context));
    case 'file':
      await mustBeAllowed(at, context);
      return open({});
    case 'ssh': {
      const { dir, env, notes, publicKey } = await sshLogin(at, spec, context);
      try {
        return await open(env, { notes, publicKey });
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    }
    default:
      return at satisfies never;
  }
}

/** The uri was checked when the connection was made; here it is about to be used. */
function urlOf(uri: string): GitUrl {
  const url = parseGitUrl(uri);
  if (url !== undefined) return url;
  throw new ConnectionError('refused', `'${withoutPasswords(uri)}' is not fetched: a git repository is given as git@host:path, ssh://, https:// or file://`);
}

async function mustBeAllowed({ path, url }: FileUrl, { localRoots = [] }: ConnectionContext): Promise<void> {
  const real = await realpath(path).catch(() => path);
  const roots = await Promise.all(localRoots.map((root) => realpath(root).catch(() => root)));
  if (roots.some((root) => real === root || real.startsWith(root.endsWith(sep) ? root : `${root}${sep}`))) return;
  throw new ConnectionError('refused', `'${url}' is not fetched: connections may only lead to the directories of this machine that its administrator has named for them`);
}
