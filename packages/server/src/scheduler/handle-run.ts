import { isTrainyardError, messageOf } from '@trainyard/core/errors.ts';
import { decide, type Observation, type Order, type Pace, type RunFacts, type StopFacts } from '@trainyard/core/training/decide.ts';
import { type Assignment, type Engine, EngineUnreachable } from '../engines/engine.ts';
import { inTime } from '../platform/in-time.ts';
import type { Logger } from '../platform/logger.ts';
import type { Change, RunRecord } from '../stores/runs.ts';

export interface HandleContext {
  /** The engine of a run; undefined when the configuration no longer has it. */
  readonly engine: (name: string) => Engine | undefined;
  readonly assign: (run: RunRecord) => Promise<Assignment>;
  /** Takes over what the runner could not send itself (log, reports), before the attempt is concluded. Stops at the signal. */
  readonly collect: (run: RunRecord, engine: Engine, signal: AbortSignal) => Promise<void>;
  /** Says something of the attempt on the page of its run. */
  readonly note: (run: RunRecord, message: string) => Promise<void>;
  readonly now: () => number;
  readonly log: Logger;
}

export interface Look {
  readonly pace: Pace;
  /** The looks before this one failed, and there is none behind it: what cannot be done is left undone, and said. */
  readonly isLast: boolean;
  /** Aborted when the look took too long: somebody else may look at the run by now. */
  readonly signal: AbortSignal;
}

/** Each longer than it takes where all is well; these three together are shorter than a look may be. */
const OBSERVE_MS = 5_000;
const COLLECT_MS = 10_000;
const KILL_MS = 7_000;

export function attemptKey(run: Pick<RunRecord, 'id' | 'attempt'>): string {
  return `${run.id}-${run.attempt}`;
}

/** Looks at one claimed run, carries out what is decided, and answers the change to write. */
export async function handleRun(run: RunRecord, context: HandleContext, { pace, isLast, signal }: Look): Promise<Change> {
  const engine = context.engine(run.engine);
  if (engine === undefined) return lost(run, `this server has no engine '${run.engine}' any more`, context.now());
  const seen = run.outcome === null ? await observe(run, engine) : ({ kind: 'active' } as const);
  const work = new Work(run, engine, { ...context, isLast, signal });
  for (const order of decide(factsOf(run), seen, pace, context.now())) await work.perform(order);
  return work.change(pace);
}

/** The end of a run that could not be dealt with, however often that was tried. */
export function givenUp(run: RunRecord, error: unknown, { tries, now }: { readonly tries: number; readonly now: number }): Change {
  const message = `the server could not deal with this attempt ${tries} times in a row, the last time because: ${messageOf(error)}; it looks no further, and what the attempt started may still be there`;
  return { kind: 'end', runId: run.id, lease: run.lease ?? '', state: 'failed', failure: { ok: false, endedAt: now, reason: 'internal', step: run.step ?? undefined, message } };
}

/** Somebody did not answer for now. Says nothing about the attempt, however long it lasts. */
export function isPassing(error: unknown): boolean {
  return error instanceof EngineUnreachable || (isTrainyardError(error) && error.kind === 'unavailable');
}

async function observe(run: RunRecord, engine: Engine): Promise<Observation> {
  // the intent is written but nothing was handed over yet: asking would only say `missing`
  if (!run.submitted && run.cancelRequestedAt === null) return { kind: 'missing' };
  try {
    return await inTime(OBSERVE_MS, () => engine.observe(attemptKey(run)));
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

type WorkContext = HandleContext & Pick<Look, 'isLast' | 'signal'>;

/** Carries orders out and gathers what is to be written about that. */
class Work {
  readonly #run: RunRecord;
  readonly #engine: Engine;
  readonly #context: WorkContext;
  readonly #key: string;
  readonly #update: { submitted?: true; stop?: StopFacts; missingSince?: number | null } = {};
  #lookAt: number | undefined;
  #last: Change | undefined;

  constructor(run: RunRecord, engine: Engine, context: WorkContext) {
    this.#run = run;
    this.#engine = engine;
    this.#context = context;
    this.#key = attemptKey(run);
  }

  async perform(order: Order): Promise<void> {
    this.#context.signal.throwIfAborted();
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
        // two attempts at the same time would write over each other's work
        this.#last = (await this.#settle()) ? { kind: 'retry', runId, lease, at: order.at, failure: order.failure } : { kind: 'end', runId, lease, state: 'failed', failure: order.failure };
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
      const assignment = await this.#assign();
      // too late it could start again what was reaped meanwhile
      this.#context.signal.throwIfAborted();
      await this.#engine.submit(this.#key, assignment);
      this.#update.submitted = true;
    } catch (error) {
      // nobody answered: the intent stands, the next look submits again with the same key
      if (isPassing(error)) return;
      if (this.#context.signal.aborted || (error instanceof Unassigned && !this.#context.isLast)) throw error;
      this.#context.log.warn({ runId: this.#run.id, attempt: this.#run.attempt, error }, 'an attempt could not start');
      const failure = { ok: false as const, endedAt: this.#context.now(), reason: isGone(error) ? ('bad_spec' as const) : ('could_not_start' as const), message: messageOf(error) };
      for (const order of decide({ ...factsOf(this.#run), outcome: failure }, { kind: 'missing' }, NO_PACE, this.#context.now())) await this.perform(order);
    }
  }

  async #assign(): Promise<Assignment> {
    try {
      return await this.#context.assign(this.#run);
    } catch (error) {
      throw isTrainyardError(error) ? error : new Unassigned(messageOf(error), { cause: error });
    }
  }

  /** What it left first, then nothing of the attempt may be left that could still act for it. Answers whether that is so. */
  async #settle(): Promise<boolean> {
    const { collect } = this.#context;
    await this.#orNote('what it left, the end of its log or last reports, could not be taken over', () => inTime(COLLECT_MS, (signal) => collect(this.#run, this.#engine, signal)));
    if (this.#run.outcome !== null) return true;
    return this.#orNote('it is over, but what it started could not be ended', () => inTime(KILL_MS, () => this.#engine.kill(this.#key)));
  }

  /** How it ended is known, and stays true. Only when nothing else helps is it told without this. */
  async #orNote(problem: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!this.#context.isLast || isPassing(error)) throw error;
      const { log, note } = this.#context;
      const { id: runId, attempt } = this.#run;
      log.error({ runId, attempt, error }, problem);
      await note(this.#run, `${problem}: ${messageOf(error)}`).catch((failed: unknown) => log.error({ runId, attempt, error: failed }, 'that could not be noted on the run'));
      return false;
    }
  }
}

/** The parts of an assignment could not be read for a reason that nobody knows, a store that broke for a moment say: worth another try. */
class Unassigned extends Error {
  override readonly name = 'Unassigned';
}

/** Something the training names was deleted after it had been accepted: another try would not find it either. */
function isGone(error: unknown): boolean {
  return isTrainyardError(error) && ['SECRET_NOT_FOUND', 'CONNECTION_NOT_FOUND', 'TOOLCHAIN_NOT_FOUND'].includes(error.code);
}

const NO_PACE: Pace = { lookEveryMs: 0, missingGraceMs: 0 };
