import { TrainyardError } from '@trainyard/core/errors.ts';

/** What a store's answer means to whoever configured it. */
type Meaning = 'missing' | 'refused' | 'unreachable' | 'failed';

export interface StoreAnswer {
  /** HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** The store's or the network's word for it, such as NoSuchBucket or ECONNREFUSED. */
  readonly code: string;
}

/** A bucket as errors name it. */
export interface NamedStore {
  readonly location: string;
  /** Where the credentials come from, for the advice. */
  readonly credentials: string;
}

/** ARTIFACT_STORE_UNUSABLE of a fixed sentence and the code: messages of stores quote keys and signatures. */
export function bucketProblem(store: NamedStore, answer: StoreAnswer, cause: unknown): TrainyardError {
  const meaning = meaningOf(answer);
  return new TrainyardError('ARTIFACT_STORE_UNUSABLE', { store: store.location, problem: `${PROBLEMS[meaning]} (${wordOf(answer)})`, advice: adviceFor(meaning, store) }, { cause: withoutSecrets(cause) });
}

const PROBLEMS = {
  missing: 'there is no such bucket',
  refused: 'it refuses our credentials',
  unreachable: 'it does not answer',
  failed: 'it could not do its work',
} as const satisfies Record<Meaning, string>;

const REFUSALS = new Set(['AccessDenied', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'ExpiredToken', 'CredentialsProviderError', 'invalid_grant', 'AuthorizationFailure', 'AuthenticationFailed', 'AuthorizationPermissionMismatch']);

function meaningOf({ status, code }: StoreAnswer): Meaning {
  if (REFUSALS.has(code) || status === 401 || status === 403) return 'refused';
  if (status === 404) return 'missing';
  return status === undefined ? 'unreachable' : 'failed';
}

function adviceFor(meaning: Meaning, { credentials }: NamedStore): string {
  switch (meaning) {
    case 'missing':
      return 'create the bucket, or name one that is there with --artifacts';
    case 'refused':
      return `check ${credentials}, and that they may list, read, write and delete there`;
    case 'unreachable':
      return 'check --artifacts-endpoint and the network, then try again; nothing that was acknowledged is lost';
    case 'failed':
      return 'try again; when it stays so, look into the log of the store';
    default:
      return meaning satisfies never;
  }
}

function wordOf({ status, code }: StoreAnswer): string {
  const word = /^[\w.-]{1,80}$/.test(code) ? code : '';
  return [status, word].filter((part) => part !== undefined && part !== '').join(' ') || 'no connection';
}

/** For the log: SDKs hang requests with their headers on their errors. */
function withoutSecrets(cause: unknown): Error {
  const { name, code } = (cause ?? {}) as { name?: unknown; code?: unknown };
  return new Error([name, code].filter((part) => typeof part === 'string').join(' ') || 'unknown');
}
