import type { TrainingSpec } from '@trainyard/core/training/spec.ts';

/** A spec as it was stored, by this version or an earlier one: fields that did not exist then get what they stand for. */
export function readSpec(text: string): TrainingSpec {
  // the cast is the store's promise: only it writes these columns, from specs
  const stored = JSON.parse(text) as Omit<TrainingSpec, 'data'> & Partial<Pick<TrainingSpec, 'data'>>;
  return { ...stored, data: stored.data ?? [] };
}
