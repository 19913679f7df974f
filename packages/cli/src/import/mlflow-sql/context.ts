import type { LocalFolders } from '../local-folders.ts';
import type { ForeignSchema } from './schema.ts';
import type { Scope } from './scope.ts';
import type { SqlReader } from './sql-reader.ts';

/** What every query of a foreign database needs. */
export interface Context {
  readonly reader: SqlReader;
  readonly schema: ForeignSchema;
  readonly scope: Scope;
  readonly folders: LocalFolders;
}

/** Rows that are read with all that belongs to them at once. */
export const CHUNK = 200;
/** Points of one record. */
export const POINTS_PER_RECORD = 5000;

/** Reads a sorted table chunk by chunk; `next` answers the rows behind a place. */
export async function* chunks<T>(next: (after: string | undefined) => Promise<readonly T[]>, placeOf: (row: T) => string, from: string | undefined): AsyncGenerator<readonly T[]> {
  let after = from;
  for (;;) {
    const rows = await next(after);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = placeOf(last);
  }
}
