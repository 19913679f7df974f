import { type CreateTableBuilder, type Kysely, PostgresAdapter } from 'kysely';

/** A primary key that counts up and is never given twice, also after a deletion: AUTOINCREMENT on SQLite, bigserial on PostgreSQL. */
export function autoId<T extends string>(db: Kysely<unknown>, table: CreateTableBuilder<T>, column: string): CreateTableBuilder<T, string> {
  const postgres = db.getExecutor().adapter instanceof PostgresAdapter;
  return postgres ? table.addColumn(column, 'bigserial', (c) => c.primaryKey()) : table.addColumn(column, 'integer', (c) => c.primaryKey().autoIncrement());
}
