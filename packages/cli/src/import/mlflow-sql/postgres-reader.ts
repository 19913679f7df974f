import { TrainyardError, messageOf } from '@trainyard/core/errors.ts';
import { parseInt64 } from '@trainyard/core/tracking/int64.ts';
import type { Row, SqlReader, Value } from './sql-reader.ts';

const ROWS_PER_FETCH = 5000;
/** int8, as the wire calls it. */
const INT8 = 20;

/**
 * Opens a PostgreSQL database for reading. All of it is read within one transaction: what an MLflow that still runs writes
 * meanwhile is not seen half.
 */
export async function openPostgres(url: string): Promise<SqlReader> {
  const { default: pg } = await import('pg');
  const types = { getTypeParser: (id: number, format?: 'text' | 'binary') => (id === INT8 ? (digits: string) => parseInt64(digits) ?? digits : (pg.types.getTypeParser(id, format as 'text') as (text: string) => unknown)) };
  const client = new pg.Client({ connectionString: withoutDriver(url), connectionTimeoutMillis: 15_000, types: types as never });
  // an error between two queries is told by the next one
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('begin isolation level repeatable read read only');
  } catch (error) {
    await client.end().catch(() => undefined);
    throw new TrainyardError('USAGE', { problem: `the database does not let us in: ${withoutPassword(messageOf(error), url)}`, advice: 'write it like postgresql://user:password@host:5432/database' }, { cause: error });
  }
  const reader: SqlReader = {
    kind: 'postgresql',
    async all(query, values = []) {
      return (await client.query(numbered(query), [...values])).rows as Row[];
    },
    async *stream(query, values = []) {
      await client.query(`declare trainyard_rows no scroll cursor for ${numbered(query)}`, [...values]);
      let broken = false;
      const fetch = async (): Promise<Row[]> => {
        try {
          return (await client.query(`fetch ${ROWS_PER_FETCH} from trainyard_rows`)).rows as Row[];
        } catch (error) {
          broken = true;
          throw error;
        }
      };
      try {
        for (let rows = await fetch(); rows.length > 0; rows = await fetch()) yield* rows;
      } finally {
        // a transaction that failed takes no more words, and they would hide what went wrong
        if (!broken) await client.query('close trainyard_rows');
      }
    },
    async columns(table) {
      const rows = await reader.all('select attname as name from pg_attribute where attrelid = to_regclass(?) and attnum > 0 and not attisdropped', [table] satisfies Value[]);
      return new Set(rows.map((row) => String(row['name'])));
    },
    close: () => client.end(),
  };
  return reader;
}

/** SQLAlchemy names its driver in the scheme. */
function withoutDriver(url: string): string {
  return url.replace(/^postgres(ql)?(\+\w+)?:/, 'postgresql:');
}

function withoutPassword(message: string, url: string): string {
  const password = URL.canParse(url) ? decodeURIComponent(new URL(url).password) : '';
  return password === '' ? message : message.replaceAll(password, '***');
}

function numbered(query: string): string {
  let number = 0;
  return query.replace(/\?/g, () => `$${++number}`);
}
