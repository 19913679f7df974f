/** A training as a manifest has it: what the server will check, field by field. */
export interface Manifest {
  readonly kind: 'ModelTraining';
  readonly id: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A manifest and where it was read: `train.yaml`, or `train.yaml, document 2` of several. */
export interface FoundManifest {
  readonly manifest: Manifest;
  readonly where: string;
}
