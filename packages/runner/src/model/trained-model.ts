import type { Readable } from 'node:stream';

/** What a training left, wherever it lies. */
export interface TrainedModel {
  /** As the registry takes it: `models:/<logged model id>` or `runs:/<run>/<path>`. */
  readonly source: string;
  readonly modelId: string | undefined;
  /** Every file, paths relative to the model. */
  readonly files: readonly ModelFile[];
}

export interface ModelFile {
  readonly path: string;
  /** One try; may be called again. */
  open(signal: AbortSignal): Promise<Readable>;
}
