import { type CreateTableBuilder, type Kysely, PostgresAdapter, sql } from 'kysely';

/** A table that is its primary key: SQLite then keeps no second copy of it. PostgreSQL has no such thing and needs none. */
export function clustered<T extends string, C extends string>(db: Kysely<unknown>, table: CreateTableBuilder<T, C>): CreateTableBuilder<T, C> {
  return db.getExecutor().adapter instanceof PostgresAdapter ? table : table.modifyEnd(sql`without rowid`);
}
