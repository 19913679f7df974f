import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { TrainyardError, messageOf } from '@trainyard/core/errors.ts';
import { type Dialect, Kysely, type Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import { MIGRATIONS } from './migrations/catalog.ts';
import { toldWhenAway } from './postgres-pool.ts';
import type { Schema } from './schema.ts';
import { withStatementCache } from './statement-cache.ts';

export type Trx = Transaction<Schema>;

/**
 * One database, SQLite or PostgreSQL, behind the same queries. What `write` answered is on disk: SQLite runs in WAL mode with
 * synchronous=FULL, PostgreSQL with its default synchronous_commit.
 */
export interface Database {
  readonly kind: 'sqlite' | 'postgresql';
  /** For reading. */
  readonly read: Kysely<Schema>;
  /** One transaction; retried when the database asks for that. Nothing else may happen inside: no network, no files. */
  write<T>(work: (trx: Trx) => Promise<T>): Promise<T>;
  /**
   * SQLite has one writer at a time, and one that meets another waits inside the driver, with the event loop: whoever writes by
   * another connection, such as that of a thread, does it in here. On PostgreSQL it just runs.
   */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** Of the SQLite file, for connections of threads. */
  readonly sqliteUrl: string | undefined;
  /** `close` waits for this first. */
  beforeClose(end: () => Promise<void>): void;
  close(): Promise<void>;
}

/** `sqlite:///path`, `postgres://…` or `postgresql://…`. Brings the schema up to date under a lock. */
export async function openDatabase(url: string): Promise<Database> {
  const database = await connect(url);
  try {
    await migrate(database.read);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

/** A connection to a database whose schema is up to date. */
export async function connect(url: string): Promise<Database> {
  const postgresql = /^postgres(ql)?:\/\//.test(url);
  const read = new Kysely<Schema>({ dialect: postgresql ? await postgresDialect(url) : await sqliteDialect(sqlitePath(url)) });
  const exclusively = postgresql ? <T>(work: () => Promise<T>) => work() : oneAfterTheOther();
  const ends: (() => Promise<void>)[] = [];
  return {
    kind: postgresql ? 'postgresql' : 'sqlite',
    read,
    write: (work) => exclusively(() => inTransaction(read, work)),
    exclusively,
    sqliteUrl: postgresql ? undefined : url,
    beforeClose: (end) => void ends.push(end),
    async close() {
      for (const end of ends) await end();
      await read.destroy();
    },
  };
}

function oneAfterTheOther(): Database['exclusively'] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
}

/** The file of a `sqlite:///…` URL. */
export function sqlitePath(url: string): string {
  const path = /^sqlite:\/\/(\/.+)$/.exec(url)?.[1];
  if (path === undefined) throw new TrainyardError('INVALID_SETTING', { setting: 'database-url', problem: 'it must begin with sqlite:/// or postgresql://' });
  return path;
}

async function sqliteDialect(path: string): Promise<Dialect> {
  const [{ default: Sqlite }, { SqliteDialect }] = await Promise.all([import('better-sqlite3'), import('kysely')]);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const database = opened(() => {
    const file = new Sqlite(path, { timeout: 10_000 });
    // the first that looks into the file
    file.pragma('journal_mode = WAL');
    return file;
  }, path);
  // FULL: a commit that was answered survives a power cut, not only a crash of the process
  database.pragma('synchronous = FULL');
  // 16 MB of log between two moves into the file, which hold up whoever commits then: 50 that submit at once had a p99 of 53 ms, with the default of 1,000 pages 77
  database.pragma('wal_autocheckpoint = 4000');
  database.pragma('cache_size = -32000');
  database.pragma('temp_store = MEMORY');
  return new SqliteDialect({ database: withStatementCache(database) });
}

/** Throws INVALID_SETTING for a file that is none of SQLite, or that cannot be opened. */
function opened<T>(open: () => T, path: string): T {
  try {
    return open();
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    if (!/^SQLITE_(NOTADB|CANTOPEN|CORRUPT|READONLY|PERM)/.test(code)) throw error;
    throw new TrainyardError('INVALID_SETTING', { setting: 'database-url', problem: `${path} cannot be opened as a SQLite database (${messageOf(error)})` }, { cause: error });
  }
}

async function postgresDialect(url: string): Promise<Dialect> {
  const [{ default: pg }, { PostgresDialect }] = await Promise.all([import('pg'), import('kysely')]);
  // int8 arrives as text; our counters and milliseconds are far below 2^53
  pg.types.setTypeParser(20, Number);
  const pool = new pg.Pool({ connectionString: url, max: 16, connectionTimeoutMillis: 15_000 });
  return new PostgresDialect({ pool: toldWhenAway(pool) });
}

async function migrate(db: Kysely<Schema>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const unknown = /previously executed migration (\S+) is missing/.exec(messageOf(error))?.[1];
  if (unknown !== undefined) throw new TrainyardError('DATABASE_TOO_NEW', { migration: unknown });
  throw error instanceof Error ? error : new Error(messageOf(error));
}

const MAX_TRIES = 6;
/** Serialization failure and deadlock of PostgreSQL: the whole transaction may simply be run again. */
const RETRYABLE = new Set(['40001', '40P01']);

async function inTransaction<T>(db: Kysely<Schema>, work: (trx: Trx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      if (code === 'SQLITE_FULL') throw new TrainyardError('DISK_FULL', {}, { cause: error });
      if (attempt >= MAX_TRIES || typeof code !== 'string' || !RETRYABLE.has(code)) throw error;
    }
  }
}
