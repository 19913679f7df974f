import { withoutEndingSlashes } from '@trainyard/core/ending-slashes.ts';
import { type ConnectionError, ConnectionError as Problem, type Place } from '../connection.ts';

/** `scheme://bucket/path` of any scheme, or `bucket/path`. */
const URI = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^/@]*@)?([^/?#]+)(?:\/([^?#]*))?(?:[?#].*)?$/is;

export interface PlaceInStore {
  readonly bucket: string;
  /** From the root of the bucket, without a slash in front; with one at its end a directory is meant. Empty: all of it. */
  readonly path: string;
}

/** Undefined for what names no bucket. Keys are taken as they are written: a `%` is a percent sign. */
export function parseUri(uri: string): PlaceInStore | undefined {
  const [, bucket, path = ''] = URI.exec(uri.trim()) ?? [];
  return bucket === undefined ? undefined : { bucket, path: path.replace(/^\/+/, '') };
}

/** Where a place is, of which the uri names `parsed`; its own path counts from the root of the bucket, whatever the uri says. */
export function placeInStore({ path }: Place, parsed: PlaceInStore | undefined): PlaceInStore {
  if (parsed === undefined) throw invalid('the uri of the connection names no bucket: write <scheme>://<bucket>/<path>');
  const chosen = (path ?? '') === '' ? parsed.path : String(path).replace(/^\/+/, '');
  if (chosen.includes('\0')) throw invalid('the path holds a NUL');
  return { bucket: parsed.bucket, path: chosen };
}

/** The key of a file below the path of a uri. */
export function keyBelow(path: string, name: string): string {
  return path === '' ? name : `${withoutEndingSlashes(path)}/${name}`;
}

function invalid(problem: string): ConnectionError {
  return new Problem('invalid', problem);
}
