import { TrainyardError } from '@trainyard/core/errors.ts';
import type { ToolchainIntegrationSpec } from '@trainyard/core/training/toolchain-integration.ts';
import type { Selectable } from 'kysely';
import type { Stretch } from '../../connections.ts';
import type { ToolchainIntegrationRecord, ToolchainIntegrationStore } from '../../toolchain-integrations.ts';
import type { Database } from '../database.ts';
import type { ToolchainIntegrationTable } from '../schema.ts';
import { SERVER_WIDE } from './server-wide.ts';
import { stretchOf } from './stretch.ts';

export class SqlToolchainIntegrationStore implements ToolchainIntegrationStore {
  readonly #database: Database;
  readonly #now: () => number;

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async find(id: string): Promise<ToolchainIntegrationRecord | undefined> {
    const row = await this.#database.read.selectFrom('toolchain_integrations').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : toIntegration(row);
  }

  async list(stretch: Stretch): Promise<ToolchainIntegrationRecord[]> {
    return (await stretchOf(this.#database.read.selectFrom('toolchain_integrations').selectAll(), stretch).execute()).map(toIntegration);
  }

  async create({ id, spec }: Pick<ToolchainIntegrationRecord, 'id' | 'spec'>): Promise<ToolchainIntegrationRecord> {
    const now = this.#now();
    const row = { id, ...SERVER_WIDE, spec: JSON.stringify(spec), created_at: now, updated_at: now };
    const { numInsertedOrUpdatedRows } = await this.#database.write((trx) => trx.insertInto('toolchain_integrations').values(row).onConflict((conflict) => conflict.doNothing()).executeTakeFirstOrThrow());
    if (numInsertedOrUpdatedRows === 0n) throw new TrainyardError('TOOLCHAIN_EXISTS', { id });
    return toIntegration(row);
  }

  async edit(id: string, spec: ToolchainIntegrationSpec): Promise<ToolchainIntegrationRecord> {
    const now = this.#now();
    const row = await this.#database.write((trx) =>
      trx
        .updateTable('toolchain_integrations')
        .set((eb) => ({ spec: JSON.stringify(spec), updated_at: eb.case().when('updated_at', '<', now).then(now).else(eb('updated_at', '+', 1)).end() }))
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst(),
    );
    if (row === undefined) throw new TrainyardError('TOOLCHAIN_NOT_FOUND', { id });
    return toIntegration(row);
  }

  async delete(id: string): Promise<void> {
    const { numDeletedRows } = await this.#database.write((trx) => trx.deleteFrom('toolchain_integrations').where('id', '=', id).executeTakeFirst());
    if (numDeletedRows === 0n) throw new TrainyardError('TOOLCHAIN_NOT_FOUND', { id });
  }
}

/** The cast is the store's promise: only it writes this column, from a spec. */
function toIntegration(row: Selectable<ToolchainIntegrationTable>): ToolchainIntegrationRecord {
  return { id: row.id, spec: JSON.parse(row.spec) as ToolchainIntegrationSpec, createdAt: row.created_at, updatedAt: row.updated_at };
}
