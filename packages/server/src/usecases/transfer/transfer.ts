import { exportRecords, type RecordsPage, type RecordsQuery } from './export-records.ts';
import { type ImportReport, importRecords } from './import-records.ts';
import { listArtifacts } from './list-artifacts.ts';
import type { TransferNeeds } from './transfer-needs.ts';

/** Everything about experiments, runs and models, out in an open format and in again. For users: a run never gets here. */
export class Transfer {
  readonly #needs: TransferNeeds;

  constructor(needs: TransferNeeds) {
    this.#needs = needs;
  }

  /** NDJSON of records. With `check` nothing is written, and the report counts what is here. */
  import(bytes: AsyncIterable<Uint8Array>, options: { readonly check: boolean }): Promise<ImportReport> {
    return importRecords(this.#needs, bytes, options);
  }

  /** INVALID_TRACKING_VALUE, INVALID_CURSOR for a cursor of another list. */
  export(query: RecordsQuery): Promise<RecordsPage> {
    return exportRecords(this.#needs, query);
  }

  /** Lines about the files of runs and logged models, by id. */
  artifacts(owners: readonly string[]): AsyncIterable<string> {
    return listArtifacts(this.#needs, owners);
  }
}
