import type { SqliteDatabase, SqliteStatement } from 'kysely';

/** Texts that stay prepared. */
const KEPT = 256;

/**
 * A SQLite database that prepares each text once: preparing costs as much as executing what is small. Only for statements that
 * are read as a whole; one that is read row by row must not be shared.
 */
export function withStatementCache(database: SqliteDatabase): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare(text) {
      const statement = statements.get(text) ?? database.prepare(text);
      // the one that was used last is the last to go
      statements.delete(text);
      statements.set(text, statement);
      const [oldest] = statements.keys();
      if (statements.size > KEPT && oldest !== undefined) statements.delete(oldest);
      return statement;
    },
  };
}
