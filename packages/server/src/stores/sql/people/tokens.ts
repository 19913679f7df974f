import type { Grant } from '@trainyard/core/access/roles.ts';
import type { Selectable } from 'kysely';
import type { TokenRecord, TokenStore } from '../../tokens.ts';
import type { Database } from '../database.ts';
import type { TokenTable } from '../schema.ts';

export class SqlTokenStore implements TokenStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(id: string): Promise<TokenRecord | undefined> {
    const row = await this.#database.read.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : toToken(row);
  }

  async list(): Promise<TokenRecord[]> {
    return (await this.#database.read.selectFrom('tokens').selectAll().orderBy('created_at').execute()).map(toToken);
  }

  async put(token: Omit<TokenRecord, 'lastUsedAt'>): Promise<void> {
    const row = { name: token.name, hash: token.hash, roles: JSON.stringify(token.roles), created_at: token.createdAt, last_used_at: null };
    await this.#database.write((trx) => trx.insertInto('tokens').values({ id: token.id, ...row }).onConflict((conflict) => conflict.column('id').doUpdateSet(row)).execute());
  }

  async touch(id: string, now: number): Promise<void> {
    await this.#database.write((trx) => trx.updateTable('tokens').set({ last_used_at: now }).where('id', '=', id).execute());
  }

  async setRoles(id: string, roles: readonly Grant[]): Promise<TokenRecord | undefined> {
    const row = await this.#database.write((trx) => trx.updateTable('tokens').set({ roles: JSON.stringify(roles) }).where('id', '=', id).returningAll().executeTakeFirst());
    return row === undefined ? undefined : toToken(row);
  }

  async delete(id: string): Promise<boolean> {
    const result = await this.#database.write((trx) => trx.deleteFrom('tokens').where('id', '=', id).executeTakeFirst());
    return result.numDeletedRows > 0n;
  }
}

function toToken(row: Selectable<TokenTable>): TokenRecord {
  return { id: row.id, name: row.name, hash: row.hash, roles: JSON.parse(row.roles) as Grant[], createdAt: row.created_at, lastUsedAt: row.last_used_at };
}
