import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Database, openDatabase } from '@trainyard/server/stores/sql/database.ts';
import { openStores } from '@trainyard/server/stores/sql/open-stores.ts';
import type { Stores } from '@trainyard/server/stores/stores.ts';
import { aSpec } from '@trainyard/testkit/builders.ts';

export interface QueuedOptions {
  readonly dir: string;
  readonly queued: number;
  /** Runs that have ended. */
  readonly ended: number;
}

/** A database with a queue that keeps its length and a history. */
export class QueuedDatabase implements AsyncDisposable {
  readonly #database: Database;
  readonly #stores: Stores;

  static async make({ dir, queued, ended }: QueuedOptions): Promise<QueuedDatabase> {
    const path = join(dir, `${queued}-queued-${ended}-ended.db`);
    const database = await openDatabase(`sqlite://${path}`);
    fill(path, queued, ended);
    return new QueuedDatabase(database);
  }

  private constructor(database: Database) {
    this.#database = database;
    this.#stores = openStores(database, Date.now);
  }

  /** Milliseconds of one claim of `max` runs; what was claimed ends, and as many are queued anew. */
  async timeClaim(max: number): Promise<number> {
    const { queue } = this.#stores;
    const now = Date.now();
    const began = performance.now();
    const runs = await queue.claimQueued({ lease: 'bench', leaseUntil: now + 60_000, now, max }, { total: 1000, perProject: 1000, perEngine: {} });
    const ms = performance.now() - began;
    if (runs.length !== max) throw new Error(`${runs.length} instead of ${max} runs were claimed`);
    await queue.apply(runs.map((run) => ({ kind: 'end', runId: run.id, lease: 'bench', state: 'succeeded', failure: null })), now);
    await Promise.all(runs.map(() => this.#submit()));
    return ms;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database.close();
  }

  async #submit(): Promise<void> {
    const id = randomBytes(16).toString('hex');
    const spec = aSpec();
    await this.#stores.trainings.submit({ kind: 'create', id: `training-${id}`, spec, run: { id, trainingId: `training-${id}`, spec, user: 'ann' } });
  }
}

/** Ended runs with their attempts and events, and queued ones; written past the store, through it they would take minutes. */
function fill(path: string, queued: number, ended: number): void {
  using database = new DatabaseSync(path);
  const spec = JSON.stringify(aSpec());
  const runs = 'runs (id, training_id, project, engine, lane, spec, experiment_id, priority, ready, queued_at, submitted, facts, warnings, state, attempt, attempt_started_at, started_at, ended_at)';
  const first = "printf('%032x', i), 'training-' || (i % 1000), 'default', 'local', 'default/local', ?, '1', 0, 1, i, 0, '{}', '[]'";
  const endedOnes = `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${ended})`;
  if (ended > 0) {
    database.prepare(`insert into ${runs} ${endedOnes} select ${first}, iif(i % 10, 'succeeded', 'failed'), 1, i + 1, i + 1, i + 2 from n`).run(spec);
    database.exec(`insert into attempts (run_id, number, engine, state, started_at, ended_at, last_seq) ${endedOnes} select printf('%032x', i), 1, 'local', 'succeeded', i + 1, i + 2, 12 from n`);
    database.exec(`insert into events (run_id, at, kind, data) ${endedOnes}, e(k) as (values (1), (2), (3), (4), (5), (6)) select printf('%032x', i), i, 'step', '{"step":"train","state":"succeeded"}' from n, e`);
  }
  const queuedOnes = `with recursive n(i) as (select ${ended + 1} union all select i + 1 from n where i < ${ended + queued})`;
  database.prepare(`insert into ${runs} ${queuedOnes} select ${first}, 'queued', 0, null, null, null from n`).run(spec);
}
