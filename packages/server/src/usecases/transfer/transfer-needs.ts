import type { ArtifactStore } from '../../artifacts/artifact-store.ts';
import type { TrackingStore } from '../../stores/tracking.ts';
import type { TransferStore } from '../../stores/transfer.ts';

export interface TransferNeeds {
  readonly store: TransferStore;
  readonly tracking: TrackingStore;
  /** Only listed; bytes come and go by the artifact proxy. */
  readonly artifacts: Pick<ArtifactStore, 'list'>;
}
