import type { Reason } from '@trainyard/core/training/reason.ts';

/** The workspace answered, and the answer is no: the same call again gets the same. */
export class WorkspaceRefusal extends Error {
  override readonly name = 'WorkspaceRefusal';
  readonly status: number;
  /** Databricks' `error_code`; older endpoints give a number. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** What was asked for does not exist (any more). */
  get isAbsence(): boolean {
    return this.code === 'RESOURCE_DOES_NOT_EXIST' || ((this.code === 'INVALID_PARAMETER_VALUE' || this.code === 'NOT_FOUND') && /does not exist|doesn't exist|not found/i.test(this.message));
  }

  /** The token is not accepted; Databricks says so with either status. */
  get isAboutToken(): boolean {
    return this.status === 401 || (this.status === 403 && /\btoken\b/i.test(this.message));
  }

  /** The credentials of the server are not accepted, or not for this. */
  get isAboutRights(): boolean {
    return this.status === 401 || this.status === 403;
  }

  /** What an attempt ends with that cannot go on after it: a right and a quota are given later, what was asked for is as it is. */
  get reason(): Reason {
    return this.isAboutRights || this.code === 'QUOTA_EXCEEDED' ? 'could_not_start' : 'bad_spec';
  }
}

/** No answer that says anything: not reached, overloaded, broken off, or nonsense. The same call may work later. */
export class WorkspaceTrouble extends Error {
  override readonly name = 'WorkspaceTrouble';
  /** The workspace asked for this pause. */
  readonly retryAfterMs: number | undefined;
  /** The workspace was reached: something between it and us, or itself, is in disorder. */
  readonly answered: boolean;

  constructor(message: string, { retryAfterMs, answered = false, cause }: { retryAfterMs?: number | undefined; answered?: boolean; cause?: unknown } = {}) {
    super(message, { cause });
    this.retryAfterMs = retryAfterMs;
    this.answered = answered;
  }
}

/** For people: of a refusal that is about the token. */
export function notAccepted({ message }: WorkspaceRefusal): string {
  return `Databricks does not accept the credentials of the server: ${message}`;
}
