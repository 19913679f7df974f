import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, inject } from 'vitest';
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

const template = `t_${randomBytes(8).toString('hex')}`;
const opened: Database[] = [];
let server: Database;

beforeAll(async () => {
  server = await openDatabase(inject('postgresUrl'));
  await sql`create database ${sql.id(template)}`.execute(server.read);
  // with its tables, once for all cases
  await (await openDatabase(urlOf(template))).close();
});

afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

afterAll(() => server.close());

/** A database of its own for each case. */
async function open(): Promise<Database> {
  const name = `t_${randomBytes(8).toString('hex')}`;
  await sql`create database ${sql.id(name)} template ${sql.id(template)}`.execute(server.read);
  const database = await openDatabase(urlOf(name));
  opened.push(database);
  return database;
}

function urlOf(name: string): string {
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return url.href;
}

trackingStoreContract('PostgreSQL', async () => openTrackingStore(await open()));
loggedModelStoreContract('PostgreSQL', async () => openTrackingStore(await open()));
registryStoreContract('PostgreSQL', async () => openRegistryStore(await open()));
managedRunsContract('PostgreSQL', open);
metricsContract('PostgreSQL', open);
runSearchContract('PostgreSQL', open);
silentRunsContract('PostgreSQL', async () => openTrackingStore(await open()));
