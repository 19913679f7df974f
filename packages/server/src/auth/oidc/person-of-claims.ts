import { type Grant, grantText } from '@trainyard/core/access/roles.ts';
import type { OidcSettings } from './oidc-settings.ts';

type Claims = Readonly<Record<string, unknown>>;

const MAX_NAME = 256;

/** What people are called: for logs, the user of a run, the audit log. Never a reason to let anybody in: people choose their names. */
export function nameOf(claims: Claims): string {
  return textOf(claims['name']) ?? textOf(claims['preferred_username']) ?? textOf(claims['email']) ?? textOf(claims['sub']) ?? '';
}

export function emailOf(claims: Claims): string | undefined {
  return textOf(claims['email']);
}

/** The roles that the values of the claim give here, each once; a value that is not mapped gives none. */
export function rolesOf(claims: Claims, { rolesClaim, roleMap }: Pick<OidcSettings, 'rolesClaim' | 'roleMap'>): readonly Grant[] {
  const grants = valuesAt(claims, rolesClaim).flatMap((value) => roleMap.get(value) ?? []);
  return [...new Map(grants.map((grant) => [grantText(grant), grant])).values()];
}

/** A list of texts, or one text with spaces between the values as in `scope`. Some providers have dots in the names of claims: the whole name is tried first. */
function valuesAt(claims: Claims, path: string): readonly string[] {
  const found = Object.hasOwn(claims, path) ? claims[path] : path.split('.').reduce(stepInto, claims as unknown);
  if (typeof found === 'string') return found.split(/\s+/).filter((value) => value !== '');
  return Array.isArray(found) ? found.filter((value) => typeof value === 'string') : [];
}

function stepInto(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  // eslint-disable-next-line no-control-regex
  const text = value.replace(/[\u0000-\u001f\u007f]/g, ' ').trim().slice(0, MAX_NAME);
  return text === '' ? undefined : text;
}
