import { type Forward, forward } from '@trainyard/testkit/engines/forward.ts';
import { sql } from 'kysely';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { connect, type Database } from './database.ts';

let way: Forward;
let database: Database;
afterEach(async () => {
  await database.close();
  await way.close();
});

/** Over a way that can be cut. */
async function open(): Promise<void> {
  const url = new URL(inject('postgresUrl'));
  way = await forward(0, Number(url.port));
  url.port = String(way.port);
  database = await connect(url.href);
}

describe('a PostgreSQL that goes away', () => {
  it('is told as what it is, in reading and writing, and is used again when it is back', { timeout: 120_000 }, async () => {
    await open();
    const [read, write] = [() => sql`select 1`.execute(database.read), () => database.write((trx) => sql`select 1`.execute(trx))];
    await Promise.all([read(), write()]);
    await way.close();
    for (const ask of [read, write, read]) await expect(ask()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', kind: 'unavailable' });
    way = await forward(way.port, Number(new URL(inject('postgresUrl')).port));
    await Promise.all([read(), write()]);
  });

  it('in the middle of a transaction fails it', async () => {
    await open();
    const broken = database.write(async (trx) => {
      await sql`select 1`.execute(trx);
      await way.close();
      await sql`select 2`.execute(trx);
    });
    await expect(broken).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });

  it('leaves other errors what they are', async () => {
    await open();
    await expect(sql`select nothing from nowhere`.execute(database.read)).rejects.toMatchObject({ code: '42P01' });
  });
});
