import type { RecordKind, RecordOf, TransferRecord } from '@trainyard/core/tracking/records/record.ts';
import type { Page, TrackingRunStore } from '../../tracking.ts';
import type { Outcome, PagedKind, RecordQuery, TransferStore } from '../../transfer.ts';
import type { Database } from '../database.ts';
import { countPoints } from '../metrics/count-points.ts';
import { settleLatest } from '../metrics/latest.ts';
import { experimentsByName, pageOfDatasets, pageOfExperiments, putDatasets, putExperiments } from './experiments.ts';
import { pageOfLoggedModels, putLoggedModels, putModelPoints } from './logged-models.ts';
import type { Put } from './outcomes.ts';
import { putPoints } from './points.ts';
import { pageOfModelVersions, pageOfRegisteredModels, putModelVersions, putRegisteredModels } from './registry.ts';
import { pageOfRuns, putRuns } from './runs.ts';

interface Needs {
  readonly database: Database;
  /** Points go the way all points go. */
  readonly runs: Pick<TrackingRunStore, 'log'>;
  readonly now: () => number;
}

/** Records in and out of one database. */
export function openTransferStore(needs: Needs): TransferStore {
  return new SqlTransferStore(needs);
}

type InTransaction = { readonly [K in Exclude<RecordKind, 'points'>]: (put: Put, records: readonly RecordOf<K>[], now: number) => Promise<Outcome[]> };

const PUT: InTransaction = {
  experiment: putExperiments,
  dataset: putDatasets,
  run: putRuns,
  logged_model: putLoggedModels,
  model_points: putModelPoints,
  registered_model: putRegisteredModels,
  model_version: putModelVersions,
};

const PAGE: { readonly [K in PagedKind]: (database: Database, query: RecordQuery) => Promise<Page<TransferRecord>> } = {
  experiment: (database, query) => pageOfExperiments(database.read, query),
  dataset: pageOfDatasets,
  run: pageOfRuns,
  logged_model: (database, query) => pageOfLoggedModels(database.read, query),
  registered_model: pageOfRegisteredModels,
  model_version: pageOfModelVersions,
};

class SqlTransferStore implements TransferStore {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async put(records: readonly TransferRecord[], { check }: { readonly check: boolean }): Promise<readonly Outcome[]> {
    const { database, now } = this.#needs;
    const kind = records[0]?.kind;
    if (kind === undefined) return [];
    if (kind === 'points') return putPoints(this.#needs, records as readonly RecordOf<'points'>[], check);
    // only counted in a check; not within the transaction, as it has one of its own
    const ids = check && kind === 'run' ? (records as readonly RecordOf<'run'>[]).map((record) => record.id) : [];
    if (ids.length > 0) await settleLatest(database, ids);
    // all of one kind, which the table cannot follow
    const put = PUT[kind] as (into: Put, records: readonly TransferRecord[], now: number) => Promise<Outcome[]>;
    const outcomes = await database.write((trx) => put({ kind: database.kind, trx, check }, records, now()));
    return ids.length === 0 ? outcomes : withPoints(outcomes, ids, await countPoints(database, ids));
  }

  async experimentIds(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = await experimentsByName(this.#needs.database.read, names);
    return new Map([...rows].map(([name, row]) => [name, String(row.id)]));
  }

  page(kind: PagedKind, query: RecordQuery): Promise<Page<TransferRecord>> {
    return PAGE[kind](this.#needs.database, query);
  }
}

/** Points are not of a run's own tables. */
function withPoints(outcomes: readonly Outcome[], ids: readonly string[], points: ReadonlyMap<string, number>): Outcome[] {
  return outcomes.map((outcome, index) => (outcome.result === 'refused' || outcome.result === 'new' ? outcome : { ...outcome, here: { ...outcome.here, points: points.get(ids[index] ?? '') ?? 0 } }));
}
