import type { Wire } from './wire.ts';

/** An object store of this machine that speaks a cloud's own protocol, as the server is configured for it. */
export interface Cloud {
  readonly name: string;
  /** Of a bucket that is there, without a prefix. */
  readonly location: string;
  /** Of one that is not. */
  readonly missingLocation: string;
  readonly endpoint: string;
  /** Credentials that are right. */
  readonly env: Readonly<Record<string, string>>;
  /** Credentials the store refuses. */
  readonly wrongEnv: Readonly<Record<string, string>>;
  /** What must be seen nowhere. */
  readonly secrets: readonly string[];
  /** The only way to it. */
  readonly wire: Wire;
  stop(): Promise<void>;
}
