import { type ExpressionBuilder, sql } from 'kysely';
import type { Change, Claim, Limits, QueueStore, RunRecord } from '../../runs.ts';
import { applyChanges } from './apply.ts';
import type { Database, Trx } from '../database.ts';
import type { Schema } from '../schema.ts';
import { insertEvents, toRun } from './run-rows.ts';

/** Any number that only claims use: on PostgreSQL two servers must not count free places at the same time. */
const CLAIM_LOCK = 7_418_231;

interface Candidate {
  readonly id: string;
  readonly number: number;
  readonly priority: number;
  readonly project: string;
  readonly engine: string;
}

interface Load {
  readonly project: string;
  readonly engine: string;
  readonly active: number;
}

export class SqlQueueStore implements QueueStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async releaseWaiting(now: number): Promise<number> {
    const due = await this.#database.read.selectFrom('runs').select('number').where('state', '=', 'queued').where('ready', '=', 0).where('next_attempt_at', '<=', now).limit(1).execute();
    if (due.length === 0) return 0;
    const result = await this.#database.write((trx) =>
      trx.updateTable('runs').set({ ready: 1, next_attempt_at: null }).where('state', '=', 'queued').where('ready', '=', 0).where('next_attempt_at', '<=', now).executeTakeFirst(),
    );
    return Number(result.numUpdatedRows);
  }

  async claimQueued(claim: Claim, limits: Limits): Promise<RunRecord[]> {
    const waiting = await this.#database.read.selectFrom('runs').select('number').where('state', '=', 'queued').where('ready', '=', 1).limit(1).execute();
    if (waiting.length === 0) return [];
    return this.#database.write(async (trx) => {
      if (this.#database.kind === 'postgresql') await sql`select pg_advisory_xact_lock(${CLAIM_LOCK})`.execute(trx);
      const chosen = await choose(trx, claim, limits);
      return chosen.length === 0 ? [] : beginAttempts(trx, chosen, claim);
    });
  }

  async claimDue(claim: Claim): Promise<RunRecord[]> {
    const due = await this.#database.read.selectFrom('runs').select('id').where('state', 'in', ['preparing', 'running']).where('look_at', '<=', claim.now).where((eb) => isFree(eb, claim.now)).orderBy('look_at').limit(claim.max).execute();
    if (due.length === 0) return [];
    const rows = await this.#database.write((trx) =>
      trx
        .updateTable('runs')
        // whoever ends the lease says when the next look is; if nobody does, it is when the lease runs out
        .set({ look_at: claim.leaseUntil, lease: claim.lease, lease_until: claim.leaseUntil })
        .where('id', 'in', due.map((row) => row.id))
        .where('state', 'in', ['preparing', 'running'])
        .where('look_at', '<=', claim.now)
        .where((eb) => isFree(eb, claim.now))
        .returningAll()
        .execute(),
    );
    return rows.map(toRun);
  }

  async apply(changes: readonly Change[], now: number): Promise<ReadonlySet<string>> {
    if (changes.length === 0) return new Set();
    return this.#database.write((trx) => applyChanges(trx, changes, now));
  }

  async nextDueAt(): Promise<number | null> {
    const [look, attempt] = await Promise.all([
      this.#database.read.selectFrom('runs').select('look_at as at').where('state', 'in', ['preparing', 'running']).where('look_at', 'is not', null).where('lease', 'is', null).orderBy('look_at').limit(1).executeTakeFirst(),
      this.#database.read.selectFrom('runs').select('next_attempt_at as at').where('state', '=', 'queued').where('ready', '=', 0).orderBy('next_attempt_at').limit(1).executeTakeFirst(),
    ]);
    const times = [look?.at, attempt?.at].filter((at) => at !== undefined && at !== null);
    return times.length === 0 ? null : Math.min(...times);
  }

  async dropLeases(): Promise<void> {
    await this.#database.write((trx) => trx.updateTable('runs').set({ lease: null, lease_until: null, look_at: 0 }).where('state', 'in', ['preparing', 'running']).where('lease', 'is not', null).execute());
  }

  async activeKeys(): Promise<Set<string>> {
    const rows = await this.#database.read.selectFrom('runs').select(['id', 'attempt']).where('state', 'in', ['preparing', 'running']).execute();
    return new Set(rows.map((row) => `${row.id}-${row.attempt}`));
  }
}

/** Nobody's. What was reported of a run may have made it due while somebody has it. */
function isFree(eb: ExpressionBuilder<Schema, 'runs'>, now: number) {
  return eb.or([eb('lease_until', 'is', null), eb('lease_until', '<=', now)]);
}

/** The runs that go next: the best of each lane by index, merged, as many as the limits leave room for. */
async function choose(trx: Trx, claim: Claim, limits: Limits): Promise<Candidate[]> {
  const load = await activeLoad(trx);
  const room = new Room(load, limits);
  const candidates: Candidate[] = [];
  for (const lane of await lanes(trx)) {
    const free = Math.min(room.of(lane.project, lane.engine), claim.max);
    if (free <= 0) continue;
    const best = await trx
      .selectFrom('runs')
      .select(['id', 'number', 'priority', 'project', 'engine'])
      .where('state', '=', 'queued')
      .where('ready', '=', 1)
      .where('lane', '=', lane.lane)
      .orderBy('priority', 'desc')
      .orderBy('number')
      .limit(free)
      .execute();
    candidates.push(...best);
  }
  candidates.sort((a, b) => b.priority - a.priority || a.number - b.number);
  return candidates.filter((candidate) => room.take(candidate.project, candidate.engine)).slice(0, claim.max);
}

/** Active runs per project and engine; reads the partial index of active runs only. */
async function activeLoad(trx: Trx): Promise<Load[]> {
  const rows = await trx
    .selectFrom('runs')
    .select(['project', 'engine', (eb) => eb.fn.countAll<number>().as('active')])
    .where('state', 'in', ['preparing', 'running'])
    .groupBy(['project', 'engine'])
    .execute();
  return rows.map((row) => ({ ...row, active: Number(row.active) }));
}

/** Lanes that have something queued, found by jumping through the index from one to the next, not by reading the queue. */
async function lanes(trx: Trx): Promise<{ lane: string; project: string; engine: string }[]> {
  const found: { lane: string; project: string; engine: string }[] = [];
  for (let last = ''; ; ) {
    const next = await trx.selectFrom('runs').select(['lane', 'project', 'engine']).where('state', '=', 'queued').where('ready', '=', 1).where('lane', '>', last).orderBy('lane').limit(1).executeTakeFirst();
    if (next === undefined) return found;
    found.push(next);
    last = next.lane;
  }
}

/** Free places under the limits, counted down as runs are taken. */
class Room {
  #total: number;
  readonly #projects = new Map<string, number>();
  readonly #engines = new Map<string, number>();
  readonly #limits: Limits;

  constructor(load: readonly Load[], limits: Limits) {
    this.#limits = limits;
    this.#total = limits.total;
    for (const { project, engine, active } of load) this.#count(project, engine, active);
  }

  of(project: string, engine: string): number {
    const used = this.#projects.get(project) ?? 0;
    const limit = this.#limits.perEngine[engine] ?? Infinity;
    return Math.min(this.#total, this.#limits.perProject - used, limit - (this.#engines.get(engine) ?? 0));
  }

  take(project: string, engine: string): boolean {
    if (this.of(project, engine) <= 0) return false;
    this.#count(project, engine, 1);
    return true;
  }

  #count(project: string, engine: string, active: number): void {
    this.#total -= active;
    this.#projects.set(project, (this.#projects.get(project) ?? 0) + active);
    this.#engines.set(engine, (this.#engines.get(engine) ?? 0) + active);
  }
}

/** queued → preparing with a new attempt. This is the intent: it is on disk before any engine is called. */
async function beginAttempts(trx: Trx, chosen: readonly Candidate[], claim: Claim): Promise<RunRecord[]> {
  const rows = await trx
    .updateTable('runs')
    .set((eb) => ({
      state: 'preparing',
      attempt: eb('attempt', '+', 1),
      attempt_started_at: claim.now,
      started_at: eb.fn.coalesce('started_at', eb.val(claim.now)),
      submitted: 0,
      step: null,
      step_started_at: null,
      stop: null,
      missing_since: null,
      outcome: null,
      look_at: claim.leaseUntil,
      lease: claim.lease,
      lease_until: claim.leaseUntil,
    }))
    .where('id', 'in', chosen.map((candidate) => candidate.id))
    // the bare column would make SQLite read the whole queue by its state instead of these rows by their ids
    .where((eb) => eb(eb.fn.coalesce('state', sql.lit('')), '=', 'queued'))
    .returningAll()
    .execute();
  const runs = rows.map(toRun);
  await trx.insertInto('attempts').values(runs.map((run) => ({ run_id: run.id, number: run.attempt, engine: run.engine, state: 'active', started_at: claim.now, ended_at: null, step: null, failure: null, last_seq: 0 }))).execute();
  await insertEvents(trx, runs.map((run) => ({ runId: run.id, kind: 'state', data: { state: 'preparing', attempt: run.attempt } })), claim.now);
  return runs;
}
