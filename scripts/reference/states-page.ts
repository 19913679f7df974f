import { REASONS } from '@trainyard/core/training/reason.ts';
import { hasEnded, MOVES, RUN_STATES, stateDuring, STEP_STATES, STEPS } from '@trainyard/core/training/states.ts';
import { code, table } from './markdown.ts';

const RETRY = { always: 'yes', asked: 'when `retry.on` names it', never: 'no' } as const;

/** The life of a run: states, moves, steps, and the reasons of a failure with what they mean for another try. */
export function statesPage(): string {
  const moves = RUN_STATES.map((state) => [code(state), MOVES[state].map(code).join(', ') || 'none', hasEnded(state) ? 'yes' : '']);
  const steps = STEPS.map((step, index) => [String(index + 1), code(step), code(stateDuring(step))]);
  const reasons = Object.entries(REASONS).map(([name, { retry, text }]) => [code(name), text, RETRY[retry]]);
  return [
    '# States, steps and reasons',
    '## States of a run',
    '`queued` behind a later state is the retry: the run waits for its next attempt.',
    table(['state', 'may become', 'is an end'], moves),
    '## Steps of an attempt',
    `In this order. A step is ${STEP_STATES.map(code).join(', ')}.`,
    table(['', 'step', 'state of the run meanwhile'], steps),
    '## Reasons of a failure',
    '"Tried again" holds while attempts are left (`retry.maxAttempts`) and nobody has asked to stop the run.',
    table(['reason', 'what it means', 'tried again'], reasons),
  ].join('\n\n');
}
