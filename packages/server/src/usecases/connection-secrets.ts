import { type ConnectionSpec, MASK, maskedConnection, SECRET_FIELDS, type SecretField } from '@trainyard/core/connection/connection-spec.ts';
import type { Seal } from '../platform/seal.ts';
import type { ConnectionContent, ConnectionRecord, ConnectionStore } from '../stores/connections.ts';

type Secrets = Readonly<Partial<Record<SecretField, string>>>;

/** What is kept of a connection: the spec without its secrets, and those sealed for this id. */
export function sealConnection(seal: Seal, id: string, spec: ConnectionSpec): ConnectionContent {
  const secrets = Object.fromEntries(SECRET_FIELDS.flatMap((field) => ((spec[field] ?? '') === '' ? [] : [[field, spec[field]]])));
  const sealed = Object.keys(secrets).length === 0 ? null : seal.close(JSON.stringify(secrets), contextOf(id));
  return { spec: maskedConnection(spec), sealed };
}

/** The connection with its secrets. Throws when the key is gone or the text was changed. */
export function openConnection(seal: Seal, { id, spec, sealed }: Pick<ConnectionRecord, 'id' | 'spec' | 'sealed'>): ConnectionSpec {
  if (sealed === null) return spec;
  // the cast is this file's promise: only it seals
  return { ...spec, ...(JSON.parse(seal.open(sealed, contextOf(id))) as Secrets) };
}

/** Seals the secrets of all connections again with the newest key. */
export function resealConnections(store: ConnectionStore, seal: Seal): Promise<number> {
  return store.resealAll(({ id, sealed }) => seal.close(seal.open(sealed, contextOf(id)), contextOf(id)));
}

/** An edit as it is meant: a masked secret is the stored one, and host keys stay trusted while the place is the same. */
export function keepStored(edit: ConnectionSpec, stored: ConnectionSpec | undefined): ConnectionSpec {
  const kept = SECRET_FIELDS.flatMap((field) => (edit[field] === MASK && stored?.[field] !== undefined ? [[field, stored[field]]] : []));
  const samePlace = stored !== undefined && stored.type === edit.type && stored.uri === edit.uri;
  const publicKey = edit.publicKey ?? (samePlace ? stored.publicKey : undefined);
  return withoutEmpty({ ...edit, ...(publicKey === undefined ? {} : { publicKey }), ...Object.fromEntries(kept) });
}

/** Masked secrets that stand for nothing. */
export function strayMasks(spec: ConnectionSpec): string[] {
  return SECRET_FIELDS.filter((field) => spec[field] === MASK).map((field) => `${field} is ${MASK}, which stands for a stored secret, and there is none`);
}

function withoutEmpty({ type, uri, vital, ...rest }: ConnectionSpec): ConnectionSpec {
  return { type, uri, ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined && value !== '')), vital };
}

function contextOf(id: string): string {
  return `connection ${id}`;
}
