import { type ConnectionSpec, MASK, SECRET_FIELDS } from '@trainyard/core/connection/connection-spec.ts';
import type { z } from 'zod';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { envelope, flag, object, present, text } from './fields.ts';
import { timeText } from './time.ts';

export const ConnectionBody = envelope(
  object({
    type: text('What it leads to: s3, gcs, azureblob, git, docker, ecr, and the further types of this server'),
    uri: text('Bucket and path, URL of a repository, address of a registry'),
    region: text('Region of a bucket'),
    username: text('User name'),
    password: text('Password; base64'),
    role: text('A role that is assumed'),
    keyID: text('Key id; base64'),
    keySecret: text('Key, service account, SAS URL or private SSH key; base64'),
    publicKey: text('Host keys that are trusted, as lines of known_hosts; base64'),
    reference: text('Branch, tag or commit of a repository'),
    description: text('For people'),
    webUILink: text('A page for people'),
    vital: flag('May not be deleted'),
    endpoint: text("Address of an object store that is not the cloud's own; not in ODAHU"),
    pathStyle: flag('The bucket stands in the path of the address; not in ODAHU'),
    credentials: text('keys, ambient or anonymous; not in ODAHU'),
    token: text('Bearer, delegation or git host token; base64; not in ODAHU'),
    submodules: flag('Fetch submodules too; not in ODAHU'),
    lfs: flag('Fetch large files too; not in ODAHU'),
    checksum: text('sha256:<64 hex digits> of a file; not in ODAHU'),
  }),
);
type Body = z.output<typeof ConnectionBody>;

/** Stands for a connection as it is stored, with plain or with masked secrets. */
interface Stored {
  readonly id: string;
  readonly spec: ConnectionSpec;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Fields that travel as base64, with ODAHU's names for them, in the order of its complaints. */
const ENCODED = {
  password: 'password',
  keySecret: 'key secret',
  keyID: 'key id',
  publicKey: 'public key',
  token: 'token',
} as const satisfies Partial<Record<keyof ConnectionSpec, string>>;
type EncodedField = keyof typeof ENCODED;
const ENCODED_FIELDS = Object.keys(ENCODED) as EncodedField[];

/** Fields ODAHU has no word for: its clients cannot send them back, so they stay when a call does not name them. */
const OURS = ['endpoint', 'pathStyle', 'credentials', 'token', 'submodules', 'lfs', 'checksum'] as const satisfies readonly (keyof ConnectionSpec)[];

export interface ReadConnection {
  readonly id: string;
  /** A field that could not be decoded stands here as it came. */
  readonly spec: ConnectionSpec;
  /** What is wrong with the encoding, in ODAHU's words. */
  readonly problems: readonly string[];
}

/** Body → connection. `keepsMask`: `*****` means "as it was", which only an edit can mean. */
export function readConnection({ id, spec }: Body, keepsMask: boolean): ReadConnection {
  const decoded = ENCODED_FIELDS.flatMap((field) => {
    const value = spec[field];
    if (value === undefined) return [];
    if (keepsMask && value === MASK && field !== 'publicKey') return [{ field, text: MASK, problem: undefined }];
    const result = decodeBase64(value);
    return [{ field, text: 'text' in result ? result.text : value, problem: 'problem' in result ? `${ENCODED[field]} must be base64-encoded, error: ${result.problem}` : undefined }];
  });
  return {
    id: id ?? '',
    spec: { ...(present(spec) as Partial<ConnectionSpec>), ...Object.fromEntries(decoded.map(({ field, text: plain }) => [field, plain])), type: spec.type ?? '', uri: spec.uri ?? '', vital: spec.vital ?? false },
    problems: decoded.flatMap(({ problem }) => problem ?? []),
  };
}

/** The spec with what it has of our own fields where the call says nothing of them; those of another type mean nothing. `sent`: the body as it came. */
export function withOwnFields(spec: ConnectionSpec, before: ConnectionSpec, sent: unknown): ConnectionSpec {
  if (spec.type !== before.type) return spec;
  const named = (sent as { readonly spec?: object | null } | null)?.spec ?? {};
  const kept = OURS.filter((field) => !Object.hasOwn(named, field) && before[field] !== undefined);
  return { ...spec, ...Object.fromEntries(kept.map((field) => [field, before[field]])) };
}

/** Connection → answer, in the order of ODAHU's fields. Secrets that are there are masked, or plain text as base64. */
export function connectionView({ id, spec, createdAt, updatedAt }: Stored, secrets: 'masked' | 'decrypted') {
  const shown = Object.fromEntries(ENCODED_FIELDS.map((field) => [field, encoded(field, spec[field] ?? '', secrets)])) as Record<EncodedField, string>;
  const { type, uri, region, username, role, reference, description, webUILink, vital, endpoint, pathStyle, credentials, submodules, lfs, checksum } = spec;
  const { password, keyID, keySecret, publicKey, token } = shown;
  const optional = { region, username, password, role, keyID, keySecret, publicKey, reference, description, webUILink, vital };
  const ours = { endpoint, pathStyle, credentials, token, submodules, lfs, checksum };
  return { id, createdAt: timeText(createdAt), updatedAt: timeText(updatedAt), spec: { type, uri, ...present(optional), ...present(ours) }, status: {} };
}

function encoded(field: EncodedField, value: string, secrets: 'masked' | 'decrypted'): string {
  if (value === '') return '';
  const isSecret = (SECRET_FIELDS as readonly string[]).includes(field);
  return isSecret && secrets === 'masked' ? MASK : encodeBase64(value);
}
