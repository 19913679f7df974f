/**
 * A place with credentials, as users describe it: ODAHU's Connection and our superset of it. One flat set of fields for every
 * type; which of them a type needs and refuses is said by its folder in packages/connections. Secret fields hold plain text
 * here: they are base64 on ODAHU's wire, sealed in the store, and `*****` in every answer.
 */
export interface ConnectionSpec {
  readonly type: string;
  /** git: any of git's URLs; object stores: `<scheme>://<bucket>/<path>`; azureblob: `<container>/<path>`; http, hdfs: a URL; local: a path. */
  readonly uri: string;
  readonly description?: string | undefined;
  readonly webUILink?: string | undefined;
  readonly region?: string | undefined;
  /** HTTP(S) address of an object store that is not the cloud's own, or of an identity service. */
  readonly endpoint?: string | undefined;
  /** The bucket stands in the path of the address, not in its host name. */
  readonly pathStyle?: boolean | undefined;
  /** Where credentials come from when the fields below hold none; `keys` when absent. */
  readonly credentials?: CredentialSource | undefined;
  readonly username?: string | undefined;
  /** Secret. */
  readonly password?: string | undefined;
  /** Secret, as ODAHU has it. */
  readonly keyID?: string | undefined;
  /** Secret: the key of an object store, a service account's JSON, a SAS URL, or a private SSH key. */
  readonly keySecret?: string | undefined;
  /** Secret: a bearer, HDFS delegation or git host token. */
  readonly token?: string | undefined;
  /** Lines of known_hosts. */
  readonly publicKey?: string | undefined;
  /** A role that is assumed with the other credentials. */
  readonly role?: string | undefined;
  /** git: what is taken when a training names no reference. */
  readonly reference?: string | undefined;
  /** git: `true` fetches submodules, large files. */
  readonly submodules?: boolean | undefined;
  readonly lfs?: boolean | undefined;
  /** http: `sha256:<64 hex digits>` of the file. */
  readonly checksum?: string | undefined;
  /** May not be deleted. */
  readonly vital: boolean;
}

/** `keys`: the fields of the connection. `ambient`: what the machine has (environment, profile, metadata service, workload identity). `anonymous`: none. */
export const CREDENTIAL_SOURCES = ['keys', 'ambient', 'anonymous'] as const;
export type CredentialSource = (typeof CREDENTIAL_SOURCES)[number];

/** Never shown, never logged. */
export const SECRET_FIELDS = ['password', 'keyID', 'keySecret', 'token'] as const satisfies readonly (keyof ConnectionSpec)[];
export type SecretField = (typeof SECRET_FIELDS)[number];

/** Stands for a secret that is there; sent back in an edit it keeps what was stored. */
export const MASK = '*****';

/** The same connection as everybody may see it. */
export function maskedConnection(spec: ConnectionSpec): ConnectionSpec {
  const masked = Object.fromEntries(SECRET_FIELDS.flatMap((field) => ((spec[field] ?? '') === '' ? [] : [[field, MASK]])));
  return { ...spec, ...masked };
}

/** The values that must appear nowhere. */
export function secretsOf(spec: ConnectionSpec): string[] {
  return SECRET_FIELDS.flatMap((field) => ((spec[field] ?? '') === '' ? [] : [spec[field] ?? '']));
}
