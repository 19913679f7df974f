import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { loggedModelStoreContract } from '../../logged-models.contract.ts';
import { registryStoreContract } from '../../registry.contract.ts';
import { trackingStoreContract } from '../../tracking.contract.ts';
import { type Database, openDatabase } from '../database.ts';
import { openRegistryStore } from '../registry/store.ts';
import { managedRunsContract } from './managed-runs.contract.ts';
import { metricsContract } from '../metrics/metrics.contract.ts';
import { runSearchContract } from '../run-search/run-search.contract.ts';
import { silentRunsContract } from './silent-runs.contract.ts';
import { openTrackingStore } from './store.ts';

const opened: { database: Database; dir: string }[] = [];
afterEach(async () => {
  for (const { database, dir } of opened.splice(0)) {
    await database.close();
    rmSync(dir, { recursive: true });
  }
});

async function open(): Promise<Database> {
  const dir = mkdtempSync(join(tmpdir(), 'trainyard-tracking-'));
  const database = await openDatabase(`sqlite://${dir}/trainyard.db`);
  opened.push({ database, dir });
  return database;
}

trackingStoreContract('SQLite', async () => openTrackingStore(await open()));
loggedModelStoreContract('SQLite', async () => openTrackingStore(await open()));
registryStoreContract('SQLite', async () => openRegistryStore(await open()));
managedRunsContract('SQLite', open);
metricsContract('SQLite', open);
runSearchContract('SQLite', open);
silentRunsContract('SQLite', async () => openTrackingStore(await open()));
