import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { storeContract } from '../store.contract.ts';
import { type Database, openDatabase } from './database.ts';
import { openStores } from './open-stores.ts';

const opened: { database: Database; dir: string }[] = [];
afterEach(async () => {
  for (const { database, dir } of opened.splice(0)) {
    await database.close();
    rmSync(dir, { recursive: true });
  }
});

storeContract('SQLite', async (now) => {
  const dir = mkdtempSync(join(tmpdir(), 'trainyard-store-'));
  const database = await openDatabase(`sqlite://${dir}/trainyard.db`);
  opened.push({ database, dir });
  return openStores(database, now);
});
