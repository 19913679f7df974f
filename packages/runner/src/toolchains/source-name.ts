import type { PlanContext } from './toolchain.ts';

/** Where a source comes from, for people to read: without credentials. */
export interface SourceName {
  readonly name: string;
  /** URL of the git repository, when it is one. */
  readonly repository: string | undefined;
}

export function sourceName({ spec: { algorithmSource }, connections }: Pick<PlanContext, 'spec' | 'connections'>): SourceName {
  const { git, vcs, objectStorage, snapshot } = algorithmSource;
  const repository = git?.url ?? (vcs === undefined ? undefined : (connections[vcs.connection]?.uri ?? vcs.connection));
  if (repository !== undefined) return { name: withoutCredentials(repository), repository: withoutCredentials(repository) };
  if (objectStorage !== undefined) return { name: storedName(connections[objectStorage.connection]?.uri ?? objectStorage.connection, objectStorage.path), repository: undefined };
  return { name: `snapshot:${snapshot?.digest ?? ''}`, repository: undefined };
}

function storedName(uri: string, path: string | undefined): string {
  const place = withoutCredentials(uri).replace(/[?#].*$/s, '');
  if (path === undefined) return place;
  const bucket = /^([a-z][a-z0-9+.-]*:\/\/)?[^/]*/i.exec(place)?.[0] ?? '';
  return `${bucket}/${path.replace(/^\/+/, '')}`;
}

function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1');
}
