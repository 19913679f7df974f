import { plainName } from '../../platform/outbound/allow-list.ts';
import type { Issuer } from './issuer.ts';

interface LoginPage {
  readonly issuer: Pick<Issuer, 'facts'>;
  readonly clientId: string | undefined;
}

const SCOPE = 'openid profile offline_access groups';

/**
 * Where somebody logs in who called a server of the name `host` without a token. Undefined when the page has the same host
 * name: clients follow a redirect there without a word and take the page for the answer.
 */
export async function loginUrl({ issuer, clientId }: LoginPage, host: string): Promise<string | undefined> {
  const { authorizationUrl } = await issuer.facts();
  const url = authorizationUrl === undefined ? null : URL.parse(authorizationUrl);
  if (url === null || !['https:', 'http:'].includes(url.protocol) || plainName(url.hostname) === host) return undefined;
  url.searchParams.set('response_type', 'code');
  url.searchParams.set('scope', SCOPE);
  if (clientId !== undefined) url.searchParams.set('client_id', clientId);
  return url.href;
}
