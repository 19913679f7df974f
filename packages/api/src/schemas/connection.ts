import { type ConnectionSpec, CREDENTIAL_SOURCES } from '@trainyard/core/connection/connection-spec.ts';
import { z } from 'zod';

const text = z.string().max(4096);
/** A service account's JSON and an RSA key have a few kB. */
const secret = z.string().max(65_536);

/** The fields of a connection as users write them: plain text, also where it is secret. */
export const ConnectionSpecBody = z.strictObject({
  type: z.string().max(64).describe('What it leads to: `git`, `s3`, …'),
  uri: text.describe("git: any of git's URLs; object stores: `s3://bucket/path`; azureblob: `container/path`; http and hdfs: a URL; local: a path"),
  description: text.optional(),
  webUILink: text.optional().describe('A page for people'),
  region: text.optional(),
  endpoint: text.optional().describe("Address (http or https) of an object store that is not the cloud's own, or of an identity service"),
  pathStyle: z.boolean().optional().describe('The bucket stands in the path of the address, not in its host name'),
  credentials: z.enum(CREDENTIAL_SOURCES).optional().describe('`keys`: the fields below; `ambient`: what the machine has (environment, profile, metadata service, workload identity); `anonymous`: none. Default: `keys`'),
  username: text.optional(),
  password: secret.optional().describe('Secret'),
  keyID: secret.optional().describe('Secret'),
  keySecret: secret.optional().describe("Secret: the key of an object store, a service account's JSON, a SAS URL or a private SSH key"),
  token: secret.optional().describe('Secret: a bearer, HDFS delegation or git host token'),
  publicKey: secret.optional().describe('Host keys that are trusted, as lines of known_hosts; learned at the first check when absent'),
  role: text.optional().describe('A role that is assumed with the other credentials'),
  reference: text.optional().describe('git: branch, tag or commit when a training names none'),
  submodules: z.boolean().optional().describe('git: fetch submodules too'),
  lfs: z.boolean().optional().describe('git: fetch large files too'),
  checksum: text.optional().describe('http: `sha256:<64 hex digits>` of the file'),
  vital: z.boolean().default(false).describe('May not be deleted'),
});

export const ConnectionBody = z.strictObject({
  kind: z.literal('Connection').optional(),
  id: z.string().describe('1 to 63 lowercase letters, digits and -, beginning with a letter'),
  spec: ConnectionSpecBody,
  // answers of this API may be sent back as they are
  status: z.unknown().optional(),
  createdAt: z.unknown().optional(),
  updatedAt: z.unknown().optional(),
});
export type ConnectionInput = z.input<typeof ConnectionBody>;

/** Checked shape → spec: an empty text is none. */
export function toConnectionSpec(body: z.output<typeof ConnectionSpecBody>): ConnectionSpec {
  const { type, uri, vital } = body;
  const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined && value !== ''));
  return { ...given, type, uri, vital };
}

const time = z.string().describe('RFC 3339, UTC, milliseconds');

export const Connection = z.object({
  kind: z.literal('Connection'),
  id: z.string(),
  createdAt: time,
  updatedAt: time,
  spec: z.record(z.string(), z.unknown()).describe('As in the request; every secret is `*****`, which an edit may send back to keep it'),
});
export type Connection = z.output<typeof Connection>;

export const ConnectionCheck = z.object({
  ok: z.boolean(),
  problem: z.enum(['unreachable', 'not_found', 'refused', 'invalid', 'too_large', 'not_installed', 'disk_full']).optional(),
  message: z.string().optional().describe('What was asked, what was found and what to do'),
  notes: z.array(z.string()).describe('What is no failure but worth knowing'),
  publicKey: z.string().optional().describe('Host keys that were found, and trusted from now on when the connection is stored'),
});
export type ConnectionCheck = z.output<typeof ConnectionCheck>;
