import { aFailure, someFacts } from '@trainyard/testkit/builders.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, type Observation, type Order, type RunFacts } from './decide.ts';
import { REASON_NAMES, REASONS } from './reason.ts';

const pace = { lookEveryMs: 2_000, missingGraceMs: 60_000 };
const active: Observation = { kind: 'active' };
const missing: Observation = { kind: 'missing' };

function kinds(orders: readonly Order[]): string[] {
  return orders.map((order) => order.do);
}

describe('decide', () => {
  it('submits again with the same key when nobody knows whether the submit arrived', () => {
    expect(kinds(decide(someFacts({ submitted: false }), missing, pace, 10))).toEqual(['submit', 'look_again']);
  });

  it('ends a run by the exit status its runner reported, and by nothing else', () => {
    expect(decide(someFacts({ outcome: { ok: true, endedAt: 5 } }), active, pace, 10)).toEqual([{ do: 'end', state: 'succeeded', failure: null }]);
    expect(decide(someFacts({ outcome: aFailure() }), active, pace, 10)).toEqual([{ do: 'end', state: 'failed', failure: aFailure() }]);
    expect(kinds(decide(someFacts(), active, pace, 10))).toEqual(['look_again']);
    expect(kinds(decide(someFacts(), { kind: 'unreachable', message: 'no answer' }, pace, 10))).toEqual(['look_again']);
  });

  it('takes missing for missing, and only after the grace period for a lost host', () => {
    expect(kinds(decide(someFacts(), missing, pace, 10))).toEqual(['mark_missing', 'look_again']);
    expect(kinds(decide(someFacts({ missingSince: 10 }), missing, pace, 50_000))).toEqual(['look_again']);
    expect(kinds(decide(someFacts({ missingSince: 10 }), active, pace, 50_000))).toEqual(['clear_missing', 'look_again']);
    expect(decide(someFacts({ missingSince: 10 }), missing, pace, 60_010)).toMatchObject([{ do: 'retry', failure: { reason: 'host_lost' } }]);
  });

  it('retries a lost host but not an exit code, unless the training asks for it', () => {
    const { retry } = someFacts();
    expect(kinds(decide(someFacts(), { kind: 'exited' }, pace, 10))).toEqual(['retry']);
    expect(kinds(decide(someFacts({ outcome: aFailure() }), active, pace, 10))).toEqual(['end']);
    expect(kinds(decide(someFacts({ outcome: aFailure(), retry: { ...retry, on: ['exit_code'] } }), active, pace, 10))).toEqual(['retry']);
    expect(kinds(decide(someFacts({ attempt: 3 }), { kind: 'exited' }, pace, 10))).toEqual(['end']);
  });

  it('waits longer before each further attempt, up to the limit', () => {
    const waits = [1, 2, 3, 10].map((attempt) => decide(someFacts({ attempt, retry: { maxAttempts: 20, on: [], backoffMs: 5_000, maxBackoffMs: 12_000 } }), { kind: 'exited' }, pace, 100)[0]);
    expect(waits.map((order) => (order?.do === 'retry' ? order.at - 100 : undefined))).toEqual([5_000, 10_000, 12_000, 12_000]);
  });

  it('stops politely, kills after the grace period, and repeats that until it is gone', () => {
    const asked = someFacts({ cancelRequestedAt: 5 });
    expect(decide(asked, active, pace, 10)[0]).toEqual({ do: 'stop', cause: 'cancelled', message: 'stopped on request', graceMs: 10_000 });
    const stop = { cause: 'cancelled', message: 'stopped on request', at: 10, killedAt: null } as const;
    expect(kinds(decide({ ...asked, stop }, active, pace, 1_000))).toEqual(['look_again']);
    expect(kinds(decide({ ...asked, stop }, active, pace, 12_010))).toEqual(['kill', 'look_again']);
    expect(kinds(decide({ ...asked, stop: { ...stop, killedAt: 12_010 } }, active, pace, 13_000))).toEqual(['look_again']);
    expect(kinds(decide({ ...asked, stop: { ...stop, killedAt: 12_010 } }, active, pace, 24_010))).toEqual(['kill', 'look_again']);
    expect(decide({ ...asked, stop, outcome: aFailure({ reason: 'signal' }) }, active, pace, 1_000)).toMatchObject([{ do: 'end', state: 'stopped', failure: { reason: 'cancelled' } }]);
  });

  it('lets a training that ended well before the stop reached it be a success', () => {
    const stop = { cause: 'cancelled', message: 'stopped on request', at: 10, killedAt: null } as const;
    expect(decide(someFacts({ cancelRequestedAt: 5, stop, outcome: { ok: true, endedAt: 9 } }), active, pace, 20)).toEqual([{ do: 'end', state: 'succeeded', failure: null }]);
  });

  it('ends a cancelled run that no engine ever got', () => {
    expect(decide(someFacts({ submitted: false, cancelRequestedAt: 5 }), missing, pace, 10)).toMatchObject([{ do: 'end', state: 'stopped' }]);
  });

  it('stops what is over its time, and says which limit that was', () => {
    const facts = someFacts({ timeout: { runMs: 60_000, graceMs: 1_000, stepsMs: { train: 30_000 } } });
    expect(kinds(decide(facts, active, pace, 29_999))).toEqual(['look_again']);
    expect(decide(facts, active, pace, 30_000)[0]).toMatchObject({ do: 'stop', cause: 'timeout', message: expect.stringContaining("step 'train'") as string });
    expect(decide({ ...facts, step: 'package' }, active, pace, 60_000)[0]).toMatchObject({ do: 'stop', cause: 'timeout', message: expect.stringContaining('60 s') as string });
    const stop = { cause: 'timeout', message: 'too long', at: 60_000, killedAt: null } as const;
    expect(decide({ ...facts, stop, outcome: aFailure({ reason: 'cancelled' }) }, active, pace, 61_000)).toMatchObject([{ do: 'end', state: 'failed', failure: { reason: 'timeout', message: 'too long' } }]);
  });

  it('looks no later than the next deadline', () => {
    const facts = someFacts({ timeout: { runMs: 10_500, graceMs: 1_000, stepsMs: {} } });
    expect(decide(facts, active, pace, 10_000)).toEqual([{ do: 'look_again', at: 10_500 }]);
  });
});

const someTime = fc.integer({ min: 0, max: 10_000_000 });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null });
const someReason = fc.constantFrom(...REASON_NAMES);
const someOutcome = fc.oneof(fc.constant({ ok: true as const, endedAt: 1 }), someReason.map((reason) => aFailure({ reason })));
const someStop = fc.record({ cause: fc.constantFrom('cancelled' as const, 'timeout' as const), message: fc.constant('m'), at: someTime, killedAt: maybe(someTime) });
const anyFacts: fc.Arbitrary<RunFacts> = fc
  .record({ attempt: fc.integer({ min: 1, max: 5 }), attemptStartedAt: someTime, stepStartedAt: maybe(someTime), cancelRequestedAt: maybe(someTime), outcome: maybe(someOutcome), submitted: fc.boolean(), stop: maybe(someStop), missingSince: maybe(someTime) })
  .map((changes) => someFacts(changes));
const anySight: fc.Arbitrary<Observation> = fc.oneof(
  fc.constant(active),
  fc.constant(missing),
  fc.constant<Observation>({ kind: 'unreachable', message: 'm' }),
  maybe(someOutcome).map((outcome): Observation => ({ kind: 'exited', outcome: outcome ?? undefined })),
);

describe('decide, whatever the facts', () => {
  it('gives exactly one conclusion or exactly one next look', () => {
    fc.assert(
      fc.property(anyFacts, anySight, someTime, (facts, seen, now) => {
        const orders = kinds(decide(facts, seen, pace, now));
        expect(orders.filter((order) => ['end', 'retry', 'look_again'].includes(order))).toHaveLength(1);
      }),
      { numRuns: 5_000 },
    );
  });

  it('never calls a run a success without a success', () => {
    fc.assert(
      fc.property(anyFacts, anySight, someTime, (facts, seen, now) => {
        const ended = decide(facts, seen, pace, now).some((order) => order.do === 'end' && order.state === 'succeeded');
        const succeeded = facts.outcome === null ? seen.kind === 'exited' && seen.outcome?.ok === true : facts.outcome.ok;
        expect(ended).toBe(succeeded);
      }),
      { numRuns: 5_000 },
    );
  });

  it('never tries again what somebody stopped, what cannot be helped, or more often than allowed', () => {
    fc.assert(
      fc.property(anyFacts, anySight, someTime, (facts, seen, now) => {
        for (const order of decide(facts, seen, pace, now)) {
          if (order.do !== 'retry') continue;
          expect(facts.cancelRequestedAt).toBeNull();
          expect(facts.attempt).toBeLessThan(facts.retry.maxAttempts);
          expect(REASONS[order.failure.reason].retry).toBe('always');
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
