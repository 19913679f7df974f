import type { Pair } from '@trainyard/core/tracking/batch.ts';
import { list, message, orElse, required, text } from './fields.ts';

/** `[{ key, value }]`, as params and tags travel; an absent value is an empty one. */
export const pairs = list<Pair>(message({ key: required(text), value: orElse(text, '') }));

/** A record for the wire: only what is said, in fields named as they are there. */
export function pairsAnswer(list: readonly Pair[]): readonly { readonly key: string; readonly value: string }[] {
  return list.map(({ key, value }) => ({ key, value }));
}
