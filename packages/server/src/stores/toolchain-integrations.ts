import type { ToolchainIntegrationSpec } from '@trainyard/core/training/toolchain-integration.ts';
import type { Stretch } from './connections.ts';

/** A toolchain integration as it is stored. Times are milliseconds since 1970. */
export interface ToolchainIntegrationRecord {
  readonly id: string;
  readonly spec: ToolchainIntegrationSpec;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** ODAHU's `mlflow` and `mlflow-project` are there from the beginning; they may be changed and deleted like others. */
export interface ToolchainIntegrationStore {
  find(id: string): Promise<ToolchainIntegrationRecord | undefined>;
  /** By id. */
  list(stretch: Stretch): Promise<ToolchainIntegrationRecord[]>;
  /** Throws TOOLCHAIN_EXISTS. */
  create(integration: Pick<ToolchainIntegrationRecord, 'id' | 'spec'>): Promise<ToolchainIntegrationRecord>;
  /** `updatedAt` is later than before, also within a millisecond. Throws TOOLCHAIN_NOT_FOUND. */
  edit(id: string, spec: ToolchainIntegrationSpec): Promise<ToolchainIntegrationRecord>;
  /** Throws TOOLCHAIN_NOT_FOUND. */
  delete(id: string): Promise<void>;
}
