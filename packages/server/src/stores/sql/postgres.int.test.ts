import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterEach, inject } from 'vitest';
import { attemptBookContract } from '../../engines/attempt-book.contract.ts';
import { connectionStoreContract } from '../connections.contract.ts';
import { storeContract } from '../store.contract.ts';
import { trainingStoreContract } from '../trainings.contract.ts';
import { type Database, openDatabase } from './database.ts';
import { SqlAttemptBook } from './trainings/engine-attempts.ts';
import { openStores } from './open-stores.ts';
import { peopleContract } from './people/people.contract.ts';
import type { Stores } from '../stores.ts';

const opened: Database[] = [];
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

storeContract('PostgreSQL', freshStores);

trainingStoreContract('PostgreSQL', freshStores);

connectionStoreContract('PostgreSQL', freshStores);

peopleContract('PostgreSQL', () => freshDatabase(inject('postgresUrl')));

attemptBookContract('PostgreSQL', async () => {
  const database = await openDatabase(await freshDatabase(inject('postgresUrl')));
  return { book: new SqlAttemptBook(database, 'databricks'), other: new SqlAttemptBook(database, 'another'), close: () => database.close() };
});

async function freshStores(now: () => number): Promise<Stores> {
  const database = await openDatabase(await freshDatabase(inject('postgresUrl')));
  opened.push(database);
  return openStores(database, now);
}

/** A database of its own for each case: what one leaves must not help another. */
async function freshDatabase(url: string): Promise<string> {
  const name = `t_${randomBytes(8).toString('hex')}`;
  const server = await openDatabase(url);
  await sql`create database ${sql.id(name)}`.execute(server.read);
  await server.close();
  const fresh = new URL(url);
  fresh.pathname = `/${name}`;
  return fresh.href;
}
