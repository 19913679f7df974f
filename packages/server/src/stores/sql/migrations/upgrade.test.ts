import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aSpec } from '@trainyard/testkit/builders.ts';
import Sqlite from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../database.ts';
import { openStores } from '../open-stores.ts';
import { MIGRATIONS } from './catalog.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-upgrade-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A database as the version with that migration left it, with a training whose spec knows no data. */
async function oldDatabase(last: string): Promise<void> {
  const db = new Kysely<{ trainings: Record<string, unknown> }>({ dialect: new SqliteDialect({ database: new Sqlite(join(dir, 't.db')) }) });
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) } });
  const { error } = await migrator.migrateTo(last);
  expect(error).toBeUndefined();
  const { data: _, ...spec } = aSpec({ model: { name: 'wine', version: '3.1' } });
  await db.insertInto('trainings').values({ id: 'wine', project: 'default', model_name: 'wine', toolchain: 'command', spec: JSON.stringify(spec), created_at: 1, updated_at: 2, latest_run: null, run_count: 0 }).execute();
  await db.destroy();
}

describe('a database of an earlier version', () => {
  it('is read as if it had been written today', async () => {
    await oldDatabase('0004-engine-attempts');
    const database = await openDatabase(`sqlite://${dir}/t.db`);
    const { trainings, toolchains } = openStores(database, () => 3);
    expect(await trainings.find('wine')).toMatchObject({ spec: { data: [], model: { version: '3.1' } }, updatedAt: 2 });
    expect((await trainings.listById({ offset: 0, modelVersions: ['3.1'] })).map(({ id }) => id)).toEqual(['wine']);
    expect(await trainings.listById({ offset: 0, modelVersions: ['3'] })).toEqual([]);
    await toolchains.delete('mlflow');
    await database.close();
    // what was added once does not come back with the next start
    const again = await openDatabase(`sqlite://${dir}/t.db`);
    expect((await openStores(again, () => 3).toolchains.list({})).map(({ id }) => id)).toEqual(['mlflow-project']);
    await again.close();
  });
});
