import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Selectable } from 'kysely';
import type { ConnectionContent, ConnectionFilter, ConnectionRecord, ConnectionStore } from '../../connections.ts';
import type { Database, Trx } from '../database.ts';
import { inParts } from '../insert-rows.ts';
import type { ConnectionTable } from '../schema.ts';
import { SERVER_WIDE } from './server-wide.ts';
import { stretchOf } from './stretch.ts';

export class SqlConnectionStore implements ConnectionStore {
  readonly #database: Database;
  readonly #now: () => number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async find(ids: readonly string[]): Promise<ConnectionRecord[]> {
    const found: ConnectionRecord[] = [];
    for (const part of inParts(ids)) found.push(...(await this.#database.read.selectFrom('connections').selectAll().where('id', 'in', part).execute()).map(toConnection));
    return found;
  }

  async list({ types, ...stretch }: ConnectionFilter): Promise<ConnectionRecord[]> {
    let query = this.#database.read.selectFrom('connections').selectAll();
    if (types !== undefined && types.length > 0) query = query.where('type', 'in', types);
    return (await stretchOf(query, stretch).execute()).map(toConnection);
  }

  async create({ id, ...content }: Pick<ConnectionRecord, 'id'> & ConnectionContent): Promise<ConnectionRecord> {
    const now = this.#now();
    const row = { id, ...SERVER_WIDE, created_at: now, updated_at: now, ...columnsOf(content) };
    const { numInsertedOrUpdatedRows } = await this.#database.write((trx) => trx.insertInto('connections').values(row).onConflict((conflict) => conflict.doNothing()).executeTakeFirstOrThrow());
    if (numInsertedOrUpdatedRows === 0n) throw new TrainyardError('CONNECTION_EXISTS', { id });
    return toConnection(row);
  }

  edit(id: string, change: (before: ConnectionRecord) => ConnectionContent): Promise<ConnectionRecord> {
    return this.#database.write(async (trx) => {
      const before = await locked(trx, this.#database.kind, id);
      const updatedAt = Math.max(this.#now(), before.updatedAt + 1);
      const row = await trx
        .updateTable('connections')
        .set({ ...columnsOf(change(before)), updated_at: updatedAt })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirstOrThrow();
      return toConnection(row);
    });
  }

  pin(id: string, { uri, publicKey }: { readonly uri: string; readonly publicKey: string }): Promise<void> {
    return this.#database.write(async (trx) => {
      const { spec, sealed } = await locked(trx, this.#database.kind, id);
      if (spec.uri !== uri || spec.publicKey !== undefined) return;
      await trx
        .updateTable('connections')
        .set(columnsOf({ spec: { ...spec, publicKey }, sealed }))
        .where('id', '=', id)
        .execute();
    });
  }

  delete(id: string): Promise<void> {
    return this.#database.write(async (trx) => {
      const { spec } = await locked(trx, this.#database.kind, id);
      if (spec.vital) throw new TrainyardError('CONNECTION_VITAL', { id });
      await trx.deleteFrom('connections').where('id', '=', id).execute();
    });
  }

  resealAll(reseal: (connection: { readonly id: string; readonly sealed: string }) => string): Promise<number> {
    return this.#database.write(async (trx) => {
      const rows = await trx.selectFrom('connections').select(['id', 'sealed']).where('sealed', 'is not', null).execute();
      for (const { id, sealed } of rows) await trx.updateTable('connections').set({ sealed: reseal({ id, sealed: sealed ?? '' }) }).where('id', '=', id).execute();
      return rows.length;
    });
  }
}

/** As it is now, and nobody else's to change until the transaction ends. */
async function locked(trx: Trx, kind: Database['kind'], id: string): Promise<ConnectionRecord> {
  const query = trx.selectFrom('connections').selectAll().where('id', '=', id);
  // SQLite has one writer at a time anyway
  const row = await (kind === 'postgresql' ? query.forUpdate() : query).executeTakeFirst();
  if (row === undefined) throw new TrainyardError('CONNECTION_NOT_FOUND', { id });
  return toConnection(row);
}

function columnsOf({ spec, sealed }: ConnectionContent): Pick<ConnectionTable, 'type' | 'spec' | 'sealed'> {
  return { type: spec.type, spec: JSON.stringify(spec), sealed };
}

/** The cast is the store's promise: only it writes this column, from a spec. */
function toConnection(row: Selectable<ConnectionTable>): ConnectionRecord {
  return { id: row.id, spec: JSON.parse(row.spec) as ConnectionSpec, sealed: row.sealed, createdAt: row.created_at, updatedAt: row.updated_at };
}
