import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { attemptBookContract } from '../../engines/attempt-book.contract.ts';
import { connectionStoreContract } from '../connections.contract.ts';
import { storeContract } from '../store.contract.ts';
import { trainingStoreContract } from '../trainings.contract.ts';
import { type Database, openDatabase } from './database.ts';
import { SqlAttemptBook } from './trainings/engine-attempts.ts';
import { openStores } from './open-stores.ts';
import { peopleContract } from './people/people.contract.ts';

const opened: { database: Database; dir: string }[] = [];
afterEach(async () => {
  for (const { database, dir } of opened.splice(0)) {
    await database.close();
    rmSync(dir, { recursive: true });
  }
});

storeContract('SQLite', async (now) => openStores(await freshDatabase(), now));

trainingStoreContract('SQLite', async (now) => openStores(await freshDatabase(), now));

connectionStoreContract('SQLite', async (now) => openStores(await freshDatabase(), now));

const directories: string[] = [];
afterEach(() => {
  for (const dir of directories.splice(0)) rmSync(dir, { recursive: true });
});

peopleContract('SQLite', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'trainyard-people-'));
  directories.push(dir);
  return `sqlite://${dir}/trainyard.db`;
});

attemptBookContract('SQLite', async () => {
  const database = await freshDatabase();
  return { book: new SqlAttemptBook(database, 'databricks'), other: new SqlAttemptBook(database, 'another'), close: () => Promise.resolve() };
});

async function freshDatabase(): Promise<Database> {
  const dir = mkdtempSync(join(tmpdir(), 'trainyard-store-'));
  const database = await openDatabase(`sqlite://${dir}/trainyard.db`);
  opened.push({ database, dir });
  return database;
}
