import type { Selectable } from 'kysely';
import type { AuditEntry, AuditFilter, AuditOutcome, AuditRecord, AuditStore } from '../../audit.ts';
import type { Database } from '../database.ts';
import { insertRows } from '../insert-rows.ts';
import type { AuditTable } from '../schema.ts';

export class SqlAuditStore implements AuditStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async append(entries: readonly AuditEntry[]): Promise<void> {
    const rows = entries.map(({ at, whoName, whoId, action, resource, project, outcome, requestId, address }) => ({ at, who_name: whoName, who_id: whoId, action, resource, project, outcome, request_id: requestId, address }));
    await this.#database.write((trx) => insertRows(trx, { table: 'audit' }, rows));
  }

  async list(filter: AuditFilter): Promise<AuditRecord[]> {
    const { who, since, before } = filter;
    let query = this.#database.read.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(filter.limit);
    if (who !== undefined) query = query.where((eb) => eb.or([eb('who_id', '=', who), eb('who_name', '=', who)]));
    for (const column of ['action', 'resource', 'project', 'outcome'] as const) {
      const value = filter[column];
      if (value !== undefined) query = query.where(column, '=', value);
    }
    if (since !== undefined) query = query.where('at', '>=', since);
    if (before !== undefined) query = query.where('id', '<', before);
    return (await query.execute()).map(toRecord);
  }

  async forget(before: number, limit: number): Promise<number> {
    const { numDeletedRows } = await this.#database.write((trx) => {
      const oldest = trx.selectFrom('audit').select('id').where('at', '<', before).orderBy('at').limit(limit);
      return trx.deleteFrom('audit').where('id', 'in', oldest).executeTakeFirst();
    });
    return Number(numDeletedRows);
  }
}

function toRecord(row: Selectable<AuditTable>): AuditRecord {
  return { id: row.id, at: row.at, whoName: row.who_name, whoId: row.who_id, action: row.action, resource: row.resource, project: row.project, outcome: row.outcome as AuditOutcome, requestId: row.request_id, address: row.address };
}
