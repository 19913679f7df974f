/**
 * The life of a run. `queued` waits for its turn (also between two attempts), `preparing` has an attempt on an engine that
 * fetches source and data and builds the environment, `running` has user code in it or publishes what that left.
 * The three last never change again; another go is another run.
 */
export const RUN_STATES = ['queued', 'preparing', 'running', 'succeeded', 'failed', 'stopped'] as const;
export type RunState = (typeof RUN_STATES)[number];

export type EndState = 'succeeded' | 'failed' | 'stopped';

/** Every legal move. `queued` behind a later state is the retry. */
export const MOVES: Readonly<Record<RunState, readonly RunState[]>> = {
  queued: ['preparing', 'failed', 'stopped'],
  preparing: ['running', 'queued', 'succeeded', 'failed', 'stopped'],
  running: ['queued', 'succeeded', 'failed', 'stopped'],
  succeeded: [],
  failed: [],
  stopped: [],
};

export function mayMove(from: RunState, to: RunState): boolean {
  return MOVES[from].includes(to);
}

export function hasEnded(state: RunState): state is EndState {
  return MOVES[state].length === 0;
}

/** Those that go on. */
export const ACTIVE_STATES: readonly RunState[] = RUN_STATES.filter((state) => !hasEnded(state));

/** The steps of an attempt, in order. */
export const STEPS = ['source', 'data', 'environment', 'train', 'package', 'publish'] as const;
export type StepName = (typeof STEPS)[number];

export const STEP_STATES = ['running', 'succeeded', 'failed', 'skipped'] as const;
export type StepState = (typeof STEP_STATES)[number];

/** The state of a run while its attempt is in this step. */
export function stateDuring(step: StepName): 'preparing' | 'running' {
  return step === 'source' || step === 'data' || step === 'environment' ? 'preparing' : 'running';
}
