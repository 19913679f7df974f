import { randomBytes } from 'node:crypto';
import type { RunnerLimits, RunnerOrder } from '@trainyard/core/training/runner-order.ts';
import { aSpec } from './builders.ts';

export interface OrderChanges extends Partial<Omit<RunnerOrder, 'spec' | 'limits'>> {
  /** As users write it. */
  readonly spec?: Record<string, unknown>;
  readonly limits?: Partial<RunnerLimits>;
}

/** An order for the toolchain `command`, with a run and token of its own. */
export function anOrder({ spec = {}, limits = {}, ...changes }: OrderChanges = {}): RunnerOrder {
  return {
    server: 'http://127.0.0.1:9',
    token: `ty_run_${randomBytes(16).toString('hex')}`,
    training: 'wine',
    run: randomBytes(16).toString('hex'),
    runNumber: 7,
    attempt: 1,
    experimentId: '1',
    secrets: {},
    connections: {},
    ...changes,
    spec: aSpec(spec),
    limits: { logBytes: 100 * 1024 * 1024, sourceBytes: 100 * 1024 * 1024, sourceEntries: 10_000, dataBytes: 1024 ** 3, dataEntries: 10_000, environmentBytes: 1024 ** 3, deliverForMs: 30_000, ...limits },
  };
}
