import { type ConnectionSpec, secretsOf } from '@trainyard/core/connection/connection-spec.ts';

/** Parts of a service account's JSON that programs print on their own. */
const INNER = ['private_key', 'private_key_id', 'client_secret', 'refresh_token'];

/** What must not appear in a log: the secret fields of a connection, and the secrets inside of them. */
export function connectionSecrets(spec: ConnectionSpec): string[] {
  return secretsOf(spec).flatMap((secret) => [secret, ...insideJson(secret), ...insideUrl(secret)]);
}

function insideJson(secret: string): string[] {
  if (!secret.trimStart().startsWith('{')) return [];
  try {
    const fields = JSON.parse(secret) as Readonly<Record<string, unknown>>;
    return INNER.flatMap((name) => (typeof fields[name] === 'string' ? [fields[name]] : []));
  } catch {
    // no JSON after all: masked as it is
    return [];
  }
}

/** The signature of a SAS URL, and a password in front of a host. */
function insideUrl(secret: string): string[] {
  if (!URL.canParse(secret)) return [];
  const { password, searchParams } = new URL(secret);
  return [password, searchParams.get('sig') ?? ''].filter((part) => part !== '');
}
