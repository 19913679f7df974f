import { withoutEndingSlashes } from '@trainyard/core/ending-slashes.ts';
import { referenceText } from '@trainyard/core/tracking/records/artifact-reference.ts';

/** What an artifact URI of MLflow means to somebody who moves away from it. */
export type Location =
  /** A store that clients go to by themselves: written down as it is. */
  | { readonly kind: 'elsewhere'; readonly uri: string }
  /** Kept by the MLflow server: a path below its artifacts. */
  | { readonly kind: 'proxied'; readonly path: string }
  /** A directory of the machine that MLflow ran on. */
  | { readonly kind: 'local'; readonly path: string };

/** Reads an artifact URI, an artifact location or the source of a version. */
export function readLocation(uri: string): Location {
  const proxied = /^mlflow-artifacts:(?:\/\/[^/]*)?\/*(.*)$/s.exec(uri)?.[1];
  if (proxied !== undefined) return { kind: 'proxied', path: withoutEndingSlashes(proxied) };
  const file = /^file:(?:\/\/(?:localhost)?(?=\/))?(.*)$/s.exec(uri)?.[1];
  if (file !== undefined) return { kind: 'local', path: decoded(file) };
  if (/^[a-z][a-z0-9+.-]+:/i.test(uri)) return { kind: 'elsewhere', uri };
  return { kind: 'local', path: uri };
}

/** The URI of a store elsewhere; null for what comes along. */
export function elsewhere(uri: string | null): string | null {
  const location = uri === null ? undefined : readLocation(uri);
  return location?.kind === 'elsewhere' ? location.uri : null;
}

/** The source of a version as a record says it: a path into artifacts that come along becomes a reference to their owner. */
export function toSource(uri: string): string {
  const location = readLocation(uri);
  if (location.kind === 'elsewhere') return uri;
  const match = /(?:^|\/)(?:models\/(?<model>m-[a-z0-9-]{1,62})|(?<run>[0-9a-f]{32}))\/artifacts(?:\/(?<path>.*))?$/s.exec(withoutEndingSlashes(location.path));
  const { model, run, path = '' } = match?.groups ?? {};
  if (model !== undefined) return referenceText({ kind: 'model', id: model, path });
  return run === undefined ? uri : referenceText({ kind: 'run', id: run, path });
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // a percent sign that is one
    return path;
  }
}
