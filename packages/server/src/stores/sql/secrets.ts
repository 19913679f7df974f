import type { SecretRecord, SecretStore } from '../secrets.ts';
import type { Database } from './database.ts';

export class SqlSecretStore implements SecretStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(names: readonly string[]): Promise<SecretRecord[]> {
    if (names.length === 0) return [];
    const rows = await this.#database.read.selectFrom('secrets').selectAll().where('name', 'in', names).execute();
    return rows.map((row) => ({ name: row.name, sealed: row.sealed, updatedAt: row.updated_at }));
  }

  async list(after: string, limit: number): Promise<SecretRecord[]> {
    const rows = await this.#database.read.selectFrom('secrets').selectAll().where('name', '>', after).orderBy('name').limit(limit).execute();
    return rows.map((row) => ({ name: row.name, sealed: row.sealed, updatedAt: row.updated_at }));
  }

  async put(secret: SecretRecord): Promise<void> {
    const row = { sealed: secret.sealed, updated_at: secret.updatedAt };
    await this.#database.write((trx) => trx.insertInto('secrets').values({ name: secret.name, ...row }).onConflict((conflict) => conflict.column('name').doUpdateSet(row)).execute());
  }

  async delete(name: string): Promise<boolean> {
    const result = await this.#database.write((trx) => trx.deleteFrom('secrets').where('name', '=', name).executeTakeFirst());
    return result.numDeletedRows > 0n;
  }

  async resealAll(reseal: (secret: SecretRecord) => string): Promise<number> {
    return this.#database.write(async (trx) => {
      const rows = await trx.selectFrom('secrets').selectAll().execute();
      for (const row of rows) await trx.updateTable('secrets').set({ sealed: reseal({ name: row.name, sealed: row.sealed, updatedAt: row.updated_at }) }).where('name', '=', row.name).execute();
      return rows.length;
    });
  }
}
