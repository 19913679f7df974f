import { describe, expect, it } from 'vitest';
import { hasEnded, mayMove, MOVES, RUN_STATES, stateDuring, STEPS } from './states.ts';

describe('states of a run', () => {
  it('end for good', () => {
    expect(RUN_STATES.filter(hasEnded)).toEqual(['succeeded', 'failed', 'stopped']);
    for (const state of RUN_STATES.filter(hasEnded)) for (const next of RUN_STATES) expect(mayMove(state, next)).toBe(false);
  });

  it('can all be reached from queued', () => {
    const reached = new Set(['queued']);
    for (const state of RUN_STATES) for (const from of [...reached]) for (const next of MOVES[from as keyof typeof MOVES]) reached.add(state === next ? state : next);
    expect([...reached].sort()).toEqual([...RUN_STATES].sort());
  });

  it('follow the steps of the attempt', () => {
    expect(STEPS.map(stateDuring)).toEqual(['preparing', 'preparing', 'preparing', 'running', 'running', 'running']);
  });
});
