/** What the use cases of tracking and registry answer: the records as the stores keep them. Dialects know them from here. */
export type { ArtifactEntry, OpenArtifact } from '../../artifacts/artifact-store.ts';
export type { ModelVersionRecord, RegisteredModelRecord } from '../../stores/registry.ts';
export type { ExperimentRecord, LoggedModelRecord, Stage, TrackingRunInfo, TrackingRunRecord } from '../../stores/tracking.ts';
