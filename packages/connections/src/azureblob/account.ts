import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { ConnectionError } from '../connection.ts';

/** Where a container is, and what opens it. */
export type Account =
  | { readonly kind: 'sas'; readonly containerUrl: string }
  | { readonly kind: 'key'; readonly containerUrl: string; readonly name: string; readonly key: string }
  | { readonly kind: 'machine' | 'anonymous'; readonly containerUrl: string };

/** Azure's own: nobody else is handed a token of this machine. */
const AZURE = /\.blob\.(core\.windows\.net|core\.chinacloudapi\.cn|core\.usgovcloudapi\.net|storage\.azure\.net)$/;

export function isOfAzure(url: URL): boolean {
  return url.protocol === 'https:' && AZURE.test(url.hostname);
}

/** Reads keySecret as a SAS URL (of the account or of the container) or an account key. Throws ConnectionError `invalid`. */
export function accountOf(spec: ConnectionSpec, container: string): Account {
  const { keySecret = '', credentials = 'keys' } = spec;
  if (credentials !== 'keys') return { kind: credentials === 'ambient' ? 'machine' : 'anonymous', containerUrl: below(endpointOf(spec), container) };
  const sas = URL.parse(keySecret.trim());
  if (sas !== null && /^https?:$/.test(sas.protocol)) {
    if (!sas.searchParams.has('sig')) throw new ConnectionError('invalid', 'keySecret is a URL without a signature: copy the whole SAS URL of the account or the container, from https:// to the end of sig=…');
    return { kind: 'sas', containerUrl: below(sas, container) };
  }
  const name = spec.username ?? spec.keyID ?? endpointOf(spec).hostname.split('.')[0] ?? '';
  return { kind: 'key', containerUrl: below(endpointOf(spec), container), name, key: keySecret.trim() };
}

/** Of the account: given, or made of its name. */
function endpointOf({ endpoint = '', username, keyID }: ConnectionSpec): URL {
  const name = username ?? keyID ?? '';
  const url = URL.parse(endpoint === '' ? `https://${name}.blob.core.windows.net` : endpoint);
  if (url === null || (endpoint === '' && !/^[a-z0-9]{3,24}$/.test(name))) throw new ConnectionError('invalid', 'the connection names no storage account: set username to its name, endpoint to its URL, or keySecret to a SAS URL');
  return url;
}

/** A SAS URL may be that of the container already. */
function below(url: URL, container: string): string {
  const segments = url.pathname.split('/').filter((segment) => segment !== '');
  const isContainer = segments.at(-1) === container && (segments.length > 1 || AZURE.test(url.hostname));
  return `${url.origin}/${[...segments, ...(isContainer ? [] : [container])].join('/')}${url.search}`;
}
