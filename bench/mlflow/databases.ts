import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@trainyard/testkit/postgres.ts';
import Sqlite from 'better-sqlite3';
import pg from 'pg';

/** Where the two servers keep their data. */
export interface Databases {
  readonly ours: string;
  /** In SQLAlchemy's spelling. */
  readonly peer: string;
  /** Statements that both databases understand, on the tables of one of the two servers, while it does not run. */
  runOnOurs(statements: readonly string[]): Promise<void>;
  runOnPeer(statements: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export function sqliteDatabases(dir: string): Databases {
  const file = (name: string): string => join(dir, `${name}.db`);
  const run = async (name: string, statements: readonly string[]): Promise<void> => {
    const database = new Sqlite(file(name));
    database.transaction(() => statements.forEach((statement) => database.exec(statement)))();
    database.close();
  };
  return { ours: `sqlite://${file('ours')}`, peer: `sqlite:///${file('peer')}`, runOnOurs: (all) => run('ours', all), runOnPeer: (all) => run('peer', all), stop: async () => undefined };
}

/** Two databases of a PostgreSQL of their own, with fsync on and its defaults otherwise. In the temporary directory: the user it runs as cannot look into a home. */
export async function postgresDatabases(): Promise<Databases> {
  const server = await startPostgres(tmpdir());
  await run(server.url, ['create database ours', 'create database peer']);
  const of = (name: string): string => server.url.replace(/\/postgres$/, `/${name}`);
  return {
    ours: of('ours'),
    peer: of('peer').replace('postgres://', 'postgresql+psycopg2://'),
    runOnOurs: (all) => run(of('ours'), [...all, 'analyze']),
    runOnPeer: (all) => run(of('peer'), [...all, 'analyze']),
    stop: () => server.stop(),
  };
}

async function run(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
