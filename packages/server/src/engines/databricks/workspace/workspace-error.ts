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
    return this.code === 'RESOURCE_DOES_NOT_EXIST' || ((this.code === 'INVALID_PARAMETER_VALUE' || this.code === 'NOT_FOUND') && /does not exist|not found/i.test(this.message));
  }

  /** The token is not accepted; Databricks says so with either status. */
  get isAboutToken(): boolean {
    return this.status === 401 || (this.status === 403 && /\btoken\b/i.test(this.message));
  }

  /** The credentials of the server are not accepted, or not for this. */
  get isAboutRights(): boolean {
    return this.status === 401 || this.status === 403;
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
