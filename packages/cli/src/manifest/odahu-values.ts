import { TrainyardError } from '@trainyard/core/errors.ts';
import type { FoundManifest } from './manifest.ts';

/** What ODAHU keeps in base64. */
const ENCODED = ['password', 'keyID', 'keySecret', 'publicKey'];

/** A manifest of ODAHU as one of ours: what is empty left out, secrets in plain text. */
export function fromOdahu<K extends string>({ manifest, where }: FoundManifest<K>): FoundManifest<K> {
  const { kind, id, spec } = manifest;
  const given = withoutNulls(spec) as Record<string, unknown>;
  return { where, manifest: { kind, id, spec: kind === 'Connection' ? decoded(given, where) : given } };
}

function decoded(spec: Readonly<Record<string, unknown>>, where: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(spec).map(([name, value]) => [name, ENCODED.includes(name) && typeof value === 'string' ? decode(name, value, where) : value]));
}

function decode(name: string, text: string, where: string): string {
  const plain = text.replace(/[\r\n]/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(plain)) throw new TrainyardError('INVALID_MANIFEST', { file: where, problem: `${name} must be base64-encoded` });
  return Buffer.from(plain, 'base64').toString('utf8');
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  // ODAHU's answers have `objectStorage: {}` beside the source that is meant
  return Object.fromEntries(Object.entries(value).flatMap(([name, inner]) => withoutEmpty(name, withoutNulls(inner))));
}

function withoutEmpty(name: string, value: unknown): [string, unknown][] {
  const isEmptyObject = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
  return value === null || isEmptyObject ? [] : [[name, value]];
}
