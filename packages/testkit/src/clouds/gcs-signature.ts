import { createHash, verify } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ServiceAccount } from './gcs-service-account.ts';

/** What Google checks of a call: a token the service account signed, or a URL it signed (V4). Undefined when all is well. */
export function refusalOf(request: IncomingMessage, accounts: readonly ServiceAccount[]): { readonly status: number; readonly code: string } | undefined {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (url.searchParams.has('X-Goog-Signature')) return isSigned(request, accounts) ? undefined : { status: 403, code: 'SignatureDoesNotMatch' };
  // the address of an upload that was begun is a secret of its own
  if (url.pathname.startsWith('/upload/') && url.searchParams.has('upload_id')) return undefined;
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  return token !== undefined && accounts.some((account) => isTokenOf(account, token)) ? undefined : { status: 401, code: 'UNAUTHENTICATED' };
}

function isTokenOf({ email, publicKey }: ServiceAccount, token: string): boolean {
  const [header = '', claims = '', signature = ''] = token.split('.');
  const { iss, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString() || '{}') as { iss?: unknown; exp?: unknown };
  return iss === email && Number(exp) > Date.now() / 1000 && verify('sha256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url'));
}

/** Over the path and the query as they were sent, and the host without its port: so the library signs, whose own port is the usual one. */
function isSigned({ url = '', method = '', headers }: IncomingMessage, accounts: readonly ServiceAccount[]): boolean {
  const [path = '', query = ''] = url.split('?');
  const parts = query.split('&');
  const { searchParams } = new URL(url, 'http://127.0.0.1');
  const value = (name: string): string => searchParams.get(`X-Goog-${name}`) ?? '';
  const [email = '', ...scope] = value('Credential').split('/');
  const signedAt = Date.parse(value('Date').replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (value('SignedHeaders') !== 'host' || !(signedAt + Number(value('Expires')) * 1000 > Date.now())) return false;
  const signed = parts.filter((part) => !part.startsWith('X-Goog-Signature=')).toSorted((a, b) => ((a.split('=')[0] ?? '') < (b.split('=')[0] ?? '') ? -1 : 1)).join('&');
  const canonical = [method, path, signed, `host:${headers.host?.split(':')[0] ?? ''}\n`, 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const text = ['GOOG4-RSA-SHA256', value('Date'), scope.join('/'), createHash('sha256').update(canonical).digest('hex')].join('\n');
  const account = accounts.find((one) => one.email === email);
  return account !== undefined && verify('sha256', Buffer.from(text), account.publicKey, Buffer.from(value('Signature'), 'hex'));
}
