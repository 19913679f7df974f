import type { Stage } from '../../../usecases/tracking/records.ts';
import { oneOf, orElse } from './fields.ts';

const VIEWS = ['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL'] as const;

export const viewType = orElse(oneOf(VIEWS), 'ACTIVE_ONLY');

/** Undefined for both. */
export function stageOf(view: (typeof VIEWS)[number]): Stage | undefined {
  if (view === 'ALL') return undefined;
  return view === 'ACTIVE_ONLY' ? 'active' : 'deleted';
}
