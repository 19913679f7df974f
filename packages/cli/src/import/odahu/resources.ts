import type { Resource } from '../../manifest/apply/resource.ts';
import type { Finding } from '../findings.ts';

/** What an ODAHU has: what can be brought, what could not be read, and what lies outside of training. */
export interface OdahuResources {
  readonly title: string;
  /** Connections first, then toolchains, then trainings. */
  readonly resources: readonly Resource[];
  readonly refused: readonly Finding[];
  /** As people read it. */
  readonly skipped: readonly string[];
}
