import { TrainyardError, messageOf } from '@trainyard/core/errors.ts';
import { toInt64 } from '@trainyard/core/tracking/int64.ts';
import type { Row, SqlReader, Value } from './sql-reader.ts';

/** Rows that are handed on before somebody else gets a turn. */
const ROWS_PER_TURN = 2000;

/** Opens a SQLite file for reading. It has to be there: nothing is made. */
export async function openSqlite(file: string): Promise<SqlReader> {
  const { default: Sqlite } = await import('better-sqlite3');
  const open = (): InstanceType<typeof Sqlite> => {
    try {
      const database = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: 10_000 });
      database.defaultSafeIntegers(true);
      return database;
    } catch (error) {
      throw new TrainyardError('USAGE', { problem: `the database '${file}' cannot be opened: ${messageOf(error)}`, advice: 'write it like sqlite:///relative/mlflow.db or sqlite:////absolute/mlflow.db' }, { cause: error });
    }
  };
  const main = open();
  const reader: SqlReader = {
    kind: 'sqlite',
    async all(query, values = []) {
      return guarded(file, () => (main.prepare(query).all(...values.map(bound)) as Record<string, Value>[]).map(plain));
    },
    async *stream(query, values = []) {
      // a connection that is read from does nothing else meanwhile
      const own = open();
      try {
        let rows = 0;
        for (const row of own.prepare(query).iterate(...values.map(bound))) {
          yield plain(row as Record<string, Value>);
          if (++rows % ROWS_PER_TURN === 0) await new Promise((next) => setImmediate(next));
        }
      } finally {
        own.close();
      }
    },
    async columns(table) {
      const rows = await reader.all('select name from pragma_table_info(?)', [table]);
      return new Set(rows.map((row) => String(row['name'])));
    },
    async close() {
      main.close();
    },
  };
  return reader;
}

function guarded<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if ((error as { code?: unknown }).code === 'SQLITE_NOTADB') throw new TrainyardError('USAGE', { problem: `'${file}' is no SQLite database`, advice: 'name the file that mlflow was given with --backend-store-uri' }, { cause: error });
    throw error;
  }
}

function bound(value: Value): string | number | bigint | null {
  return typeof value === 'boolean' ? Number(value) : value;
}

/** SQLite's integers arrive as bigint, so that none loses digits; most of them are small. */
function plain(row: Record<string, Value>): Row {
  for (const column in row) {
    const value = row[column];
    if (typeof value === 'bigint') row[column] = toInt64(value) ?? value;
  }
  return row;
}
