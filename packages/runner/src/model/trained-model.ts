import { Readable } from 'node:stream';

/** What a training left, wherever it lies. */
export interface TrainedModel {
  /** As the registry takes it: `models:/<logged model id>` or `runs:/<run>/<path>`. */
  readonly source: string;
  readonly modelId: string | undefined;
  /** Every file, paths relative to the model. */
  readonly files: readonly ModelFile[];
}

/** A file that lies somewhere: with the server, on this disk, or in memory. */
export interface ModelFile {
  /** Relative, with '/'. */
  readonly path: string;
  readonly sizeBytes: number;
  /** One try; may be called again. */
  open(signal: AbortSignal): Promise<Readable>;
}

/** A file that is made here. */
export function textFile(path: string, text: string): ModelFile {
  const bytes = Buffer.from(text);
  return { path, sizeBytes: bytes.length, open: () => Promise.resolve(Readable.from([bytes])) };
}
