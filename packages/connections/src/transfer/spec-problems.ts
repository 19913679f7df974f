import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { parseUri } from './place-in-store.ts';

/** What no object store can do without. */
export function commonProblems({ uri, endpoint = '', type }: ConnectionSpec): string[] {
  if (uri === '') return ['empty uri'];
  return [
    ...(parseUri(uri) === undefined ? [`${type} type requires a uri of the form <scheme>://<bucket>/<path>`] : []),
    ...(endpoint === '' || isHttpUrl(endpoint) ? [] : [`${type} type requires that endpoint is an http or https URL without credentials`]),
  ];
}

/** Without credentials in it: it is shown. */
export function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '';
}

/** What a user whom the store refuses should look at; `keys` are the fields for them. */
export function credentialsNamed({ credentials = 'keys' }: ConnectionSpec, keys: string): string {
  switch (credentials) {
    case 'keys':
      return keys;
    case 'ambient':
      return 'the identity this machine has (the connection says credentials: ambient)';
    case 'anonymous':
      return 'whether everybody may read there (the connection says credentials: anonymous)';
    default:
      return credentials satisfies never;
  }
}
