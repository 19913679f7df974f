import { TrainyardError } from '@trainyard/core/errors.ts';

/** Where artifacts are kept, as MLflow's users spell it. */
export type ArtifactLocation =
  | { readonly kind: 'local' }
  | { readonly kind: 's3' | 'gcs'; readonly bucket: string; readonly prefix: string }
  | { readonly kind: 'azureblob'; readonly account: string; readonly domain: string; readonly container: string; readonly prefix: string };

const SETTING = 'artifacts';
const BUCKET = /^(s3|gs):\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:\/(.*))?$/;
const CONTAINER = /^wasbs:\/\/(\$?[a-z0-9][a-z0-9-]{1,62})@([a-z0-9]{3,24})\.(blob\.core\.(?:windows\.net|chinacloudapi\.cn|usgovcloudapi\.net))(?:\/(.*))?$/;

/** Throws INVALID_SETTING, which does not repeat what was given: somebody may have put a key into it. */
export function parseLocation(text: string): ArtifactLocation {
  if (text === 'local') return { kind: 'local' };
  const [, scheme, bucket, path] = BUCKET.exec(text) ?? [];
  if (bucket !== undefined) return { kind: scheme === 's3' ? 's3' : 'gcs', bucket, prefix: prefixOf(path) };
  const [, container, account, domain, below] = CONTAINER.exec(text) ?? [];
  if (container === undefined || account === undefined || domain === undefined) throw refused('it is not local, s3://bucket/prefix, gs://bucket/prefix or wasbs://container@account.blob.core.windows.net/prefix');
  return { kind: 'azureblob', account, domain, container, prefix: prefixOf(below) };
}

function prefixOf(path = ''): string {
  const segments = path.replace(/\/$/, '').split('/');
  if (path !== '' && segments.some((segment) => !/^[\w.=@+-]+$/.test(segment) || /^\.+$/.test(segment))) throw refused("the prefix has to be plain names with '/' between them");
  return path === '' ? '' : segments.join('/');
}

function refused(problem: string): TrainyardError {
  return new TrainyardError('INVALID_SETTING', { setting: SETTING, problem });
}
