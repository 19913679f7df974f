import { type Grant, parseGrant, ROLES } from '@trainyard/core/access/roles.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { OidcSettings } from '../auth/oidc/oidc-settings.ts';
import { isLoopback } from './loopback.ts';
import { type Setting, SETTINGS } from './schema.ts';

const NAMES = ['oidcAudience', 'oidcClientId', 'oidcRolesClaim', 'oidcRoleMap'] as const;

export type OidcName = 'oidcIssuer' | (typeof NAMES)[number];

interface Given {
  optional(name: OidcName): string | undefined;
  list(name: OidcName): readonly string[];
}

/** Undefined when no identity provider is named. Throws INVALID_SETTING. */
export function readOidc(read: Given): OidcSettings | undefined {
  const issuer = read.optional('oidcIssuer');
  if (issuer === undefined) {
    const given = NAMES.find((name) => read.optional(name) !== undefined);
    if (given !== undefined) throw invalid(given, `it is about an identity provider, and none is named: set ${SETTINGS.oidcIssuer.env}`);
    return undefined;
  }
  const clientId = read.optional('oidcClientId');
  const audiences = read.list('oidcAudience');
  if (audiences.length === 0 && clientId === undefined) throw invalid('oidcAudience', 'without it a token for any other program of the provider would be good here: name the audience of your tokens, or --oidc-client-id');
  return {
    issuer: issuerOf(issuer),
    audiences: audiences.length > 0 ? audiences : [clientId ?? ''],
    clientId,
    rolesClaim: read.optional('oidcRolesClaim') ?? SETTINGS.oidcRolesClaim.default,
    roleMap: roleMapOf(read.list('oidcRoleMap')),
  };
}

/** As it is written: tokens name it so, to the last slash. */
function issuerOf(text: string): string {
  const url = URL.parse(text);
  if (url === null || !['https:', 'http:'].includes(url.protocol)) throw invalid('oidcIssuer', 'it is not a URL: write it as the provider does, such as https://login.example.org/realms/main');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') throw invalid('oidcIssuer', 'it must be the address of the provider alone');
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) throw invalid('oidcIssuer', 'it must begin with https://: whoever answers there says who is an administrator');
  return text;
}

function roleMapOf(entries: readonly string[]): ReadonlyMap<string, readonly Grant[]> {
  const map = new Map<string, Grant[]>();
  for (const entry of entries) {
    // values of claims may have `=` in them, roles have not
    const at = entry.lastIndexOf('=');
    const [value, grant] = [entry.slice(0, Math.max(at, 0)).trim(), parseGrant(entry.slice(at + 1).trim())];
    if (value === '' || grant === undefined) throw invalid('oidcRoleMap', `'${entry}' is not value=role or value=role@project, with a role of ${ROLES.join(', ')}`);
    map.set(value, [...(map.get(value) ?? []), grant]);
  }
  return map;
}

function invalid(name: OidcName, problem: string): TrainyardError {
  return new TrainyardError('INVALID_SETTING', { setting: (SETTINGS[name] as Setting).flag, problem });
}
