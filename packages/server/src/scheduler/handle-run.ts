import { isTrainyardError, messageOf } from '@trainyard/core/errors.ts';
import { decide, type Observation, type Order, type Pace, type RunFacts, type StopFacts } from '@trainyard/core/training/decide.ts';
import { type Assignment, type Engine, EngineUnreachable } from '../engines/engine.ts';
import type { Logger } from '../platform/logger.ts';
import type { Change, RunRecord } from '../stores/runs.ts';

export interface HandleContext {
  /** The engine of a run; undefined when the configuration no longer has it. */
  readonly engine: (name: string) => Engine | undefined;
  readonly assign: (run: RunRecord) => Promise<Assignment>;
  /** Takes over what the runner could not send itself (log, reports), before the attempt is concluded. */
  readonly collect: (run: RunRecord, engine: Engine) => Promise<void>;
  readonly now: () => number;
  readonly log: Logger;
}

export function attemptKey(run: Pick<RunRecord, 'id' | 'attempt'>): string {
  return `${run.id}-${run.attempt}`;
}

/** Looks at one claimed run, carries out what is decided, and answers the change to write. */
export async function handleRun(run: RunRecord, context: HandleContext, pace: Pace): Promise<Change> {
  const engine = context.engine(run.engine);
  if (engine === undefined) return lost(run, `this server has no engine '${run.engine}' any more`, context.now());
  const seen = run.outcome === null ? await observe(run, engine) : ({ kind: 'active' } as const);
  const work = new Work(run, engine, context);
  for (const order of decide(factsOf(run), seen, pace, context.now())) await work.perform(order);
  return work.change(pace);
}

async function observe(run: RunRecord, engine: Engine): Promise<Observation> {
  // the intent is written but nothing was handed over yet: asking would only say `missing`
  if (!run.submitted && run.cancelRequestedAt === null) return { kind: 'missing' };
  try {
    return await engine.observe(attemptKey(run));
  } catch (error) {
    return { kind: 'unreachable', message: messageOf(error) };
  }
}

function factsOf(run: RunRecord): RunFacts {
  return { ...run, retry: run.spec.retry, timeout: run.spec.timeout, attemptStartedAt: run.attemptStartedAt ?? run.queuedAt };
}

function lost(run: RunRecord, message: string, now: number): Change {
  return { kind: 'end', runId: run.id, lease: run.lease ?? '', state: 'failed', failure: { ok: false, endedAt: now, reason: 'could_not_start', message } };
}

/** Carries orders out and gathers what is to be written about that. */
class Work {
  readonly #run: RunRecord;
  readonly #engine: Engine;
  readonly #context: HandleContext;
  readonly #key: string;
  readonly #update: { submitted?: true; stop?: StopFacts; missingSince?: number | null } = {};
  #lookAt: number | undefined;
  #last: Change | undefined;

  constructor(run: RunRecord, engine: Engine, context: HandleContext) {
    this.#run = run;
    this.#engine = engine;
    this.#context = context;
    this.#key = attemptKey(run);
  }

  async perform(order: Order): Promise<void> {
    const now = this.#context.now();
    const { runId, lease } = { runId: this.#run.id, lease: this.#run.lease ?? '' };
    switch (order.do) {
      case 'submit':
        return this.#submit();
      case 'stop':
        this.#update.stop = { cause: order.cause, message: order.message, at: now, killedAt: null };
        return this.#engine.stop(this.#key, order.graceMs);
      case 'kill':
        if (this.#run.stop !== null) this.#update.stop = { ...this.#run.stop, killedAt: now };
        return this.#engine.kill(this.#key);
      case 'mark_missing':
        this.#update.missingSince = now;
        return;
      case 'clear_missing':
        this.#update.missingSince = null;
        return;
      case 'look_again':
        this.#lookAt ??= order.at;
        return;
      case 'end':
        await this.#settle();
        this.#last = { kind: 'end', runId, lease, state: order.state, failure: order.failure };
        return;
      case 'retry':
        await this.#settle();
        this.#last = { kind: 'retry', runId, lease, at: order.at, failure: order.failure };
        return;
      default:
        order satisfies never;
    }
  }

  change(pace: Pace): Change {
    if (this.#last !== undefined) return this.#last;
    return { kind: 'update', runId: this.#run.id, lease: this.#run.lease ?? '', lookAt: this.#lookAt ?? this.#context.now() + pace.lookEveryMs, ...this.#update };
  }

  async #submit(): Promise<void> {
    try {
      await this.#engine.submit(this.#key, await this.#context.assign(this.#run));
      this.#update.submitted = true;
    } catch (error) {
      // nobody answered: the intent stands, the next look submits again with the same key
      if (error instanceof EngineUnreachable) return;
      this.#context.log.warn({ runId: this.#run.id, attempt: this.#run.attempt, error }, 'an attempt could not start');
      const failure = { ok: false as const, endedAt: this.#context.now(), reason: isGone(error) ? ('bad_spec' as const) : ('could_not_start' as const), message: messageOf(error) };
      for (const order of decide({ ...factsOf(this.#run), outcome: failure }, { kind: 'missing' }, NO_PACE, this.#context.now())) await this.perform(order);
    }
  }

  /** What it left first, then nothing of the attempt may be left that could still act for it. */
  async #settle(): Promise<void> {
    await this.#context.collect(this.#run, this.#engine);
    if (this.#run.outcome === null) await this.#engine.kill(this.#key);
  }
}

/** Something the training names was deleted after it had been accepted: another try would not find it either. */
function isGone(error: unknown): boolean {
  return isTrainyardError(error) && ['SECRET_NOT_FOUND', 'CONNECTION_NOT_FOUND', 'TOOLCHAIN_NOT_FOUND'].includes(error.code);
}

const NO_PACE: Pace = { lookEveryMs: 0, missingGraceMs: 0 };
