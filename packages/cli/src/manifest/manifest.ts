/** What manifests may describe. */
export const KINDS = ['Connection', 'ToolchainIntegration', 'ModelTraining'] as const;
export type Kind = (typeof KINDS)[number];

/** Kinds of ODAHU that lie outside of training. */
export const ODAHUS_OTHER_KINDS = ['PackagingIntegration', 'ModelPackaging', 'ModelDeployment', 'ModelRoute', 'InferenceService', 'InferenceJob'] as const;

/** A resource as a manifest has it: what the server will check, field by field. */
export interface Manifest<K extends string = 'ModelTraining'> {
  readonly kind: K;
  readonly id: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** Whether a training says where its code comes from, also in ODAHU's older spelling; otherwise it is packed here. */
export function namesSource({ spec }: Pick<Manifest, 'spec'>): boolean {
  return spec['algorithmSource'] !== undefined || spec['vcsName'] !== undefined;
}

/** A manifest and where it was read: `train.yaml`, or `train.yaml, document 2` of several. */
export interface FoundManifest<K extends string = 'ModelTraining'> {
  readonly manifest: Manifest<K>;
  readonly where: string;
}
