import { ConnectionError, type ConnectionProblem } from '../connection.ts';

/** `busy`, `unreachable` and `failed` may pass by themselves. */
export type StoreFailureKind = 'missing' | 'missing_bucket' | 'changed' | 'refused' | 'invalid' | 'busy' | 'unreachable' | 'failed';

/** What a store or the network said, in a word of theirs that holds no secret: their sentences quote keys, tokens and signatures. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
  readonly kind: StoreFailureKind;
  readonly word: string;

  constructor(kind: StoreFailureKind, word: string) {
    super(`${kind} (${word})`);
    [this.kind, this.word] = [kind, word];
  }

  get mayPass(): boolean {
    return this.kind === 'busy' || this.kind === 'unreachable' || this.kind === 'failed';
  }
}

export interface StoreAnswer {
  /** HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** The store's or the network's word for it, such as NoSuchBucket or ECONNREFUSED. */
  readonly code: string;
}

const NO_BUCKET = new Set(['NoSuchBucket', 'ContainerNotFound', 'InvalidBucketName', 'ContainerBeingDeleted', 'InvalidResourceName']);
const REFUSED = new Set(['CredentialsProviderError', 'invalid_grant', 'ExpiredToken', 'InvalidToken', 'RequestTimeTooSkewed', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'AuthenticationFailed']);
const UNUSABLE = new Set(['InvalidObjectState', 'BlobArchived', 'PermanentRedirect', 'IllegalLocationConstraintException']);
const BUSY = new Set(['SlowDown', 'ServerBusy', 'Throttling', 'ThrottlingException', 'RequestLimitExceeded', 'TooManyRequests', 'RetriableException', 'StandbyException']);

/** What an answer means. Its word is kept only when it looks like a code. */
export function storeFailure({ status, code }: StoreAnswer): StoreFailure {
  const plain = /^[\w.-]{1,80}$/.test(code) ? code : '';
  const word = [status, plain].filter((part) => part !== undefined && part !== '').join(' ') || 'no connection';
  return new StoreFailure(kindOf(status, plain), word);
}

function kindOf(status: number | undefined, code: string): StoreFailureKind {
  if (NO_BUCKET.has(code)) return 'missing_bucket';
  if (UNUSABLE.has(code)) return 'invalid';
  if (BUSY.has(code) || status === 429 || status === 503) return 'busy';
  if (REFUSED.has(code) || status === 401 || status === 403) return 'refused';
  if (status === 404 || status === 410) return 'missing';
  if (status === 412) return 'changed';
  if (status === undefined) return 'unreachable';
  return status >= 500 || status === 408 ? 'failed' : 'invalid';
}

/** The same for the user: what was asked, what was found, what to do. */
export function connectionErrorOf({ kind, word }: StoreFailure, what: string, credentials: string): ConnectionError {
  const [problem, found, advice] = describe(kind, credentials);
  return new ConnectionError(problem, `${what}: ${found} (${word}): ${advice}`);
}

function describe(kind: StoreFailureKind, credentials: string): readonly [ConnectionProblem, string, string] {
  switch (kind) {
    case 'missing':
      return ['not_found', 'it is not there', 'check the path and the uri of the connection'];
    case 'missing_bucket':
      return ['not_found', 'there is no such bucket or container', 'check the uri of the connection'];
    case 'changed':
      return ['invalid', 'it changed while it was being fetched', 'fetch again when nothing writes to it'];
    case 'refused':
      return ['refused', "the store refuses the connection's credentials", `check ${credentials}, and that they may do this`];
    case 'invalid':
      return ['invalid', 'the store does not do that', 'check the region, the endpoint and the state of the object'];
    case 'busy':
      return ['unreachable', 'the store has too much to do', 'try again later'];
    case 'unreachable':
      return ['unreachable', 'the store does not answer', 'check the endpoint and the network, then try again'];
    case 'failed':
      return ['unreachable', 'the store could not do its work', 'try again; when it stays so, look into the log of the store'];
    default:
      return kind satisfies never;
  }
}
