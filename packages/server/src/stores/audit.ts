/** How a call that is audited ended: done, not allowed, or not possible. */
export const OUTCOMES = ['done', 'refused', 'failed'] as const;
export type AuditOutcome = (typeof OUTCOMES)[number];

/** One call that changed something, or was meant to. Never a secret, never a body. */
export interface AuditEntry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly whoName: string;
  /** Id of the token, or `oidc:<subject>`. */
  readonly whoId: string;
  /** Name of the route: `createTraining`. */
  readonly action: string;
  readonly resource: string | null;
  readonly project: string | null;
  readonly outcome: AuditOutcome;
  /** As in the server's log. */
  readonly requestId: string;
  /** Of the caller, as the connection says. */
  readonly address: string;
}

export interface AuditRecord extends AuditEntry {
  readonly id: number;
}

export interface AuditFilter {
  /** Name or id. */
  readonly who?: string | undefined;
  readonly action?: string | undefined;
  readonly resource?: string | undefined;
  readonly project?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  /** From then on. */
  readonly since?: number | undefined;
  /** Only records before this one. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** The audit log: written once, never changed, forgotten when it is old. */
export interface AuditStore {
  append(entries: readonly AuditEntry[]): Promise<void>;
  /** The newest first. */
  list(filter: AuditFilter): Promise<AuditRecord[]>;
  /** Removes at most `limit` records from before then, the oldest first. Answers how many. */
  forget(before: number, limit: number): Promise<number>;
}
