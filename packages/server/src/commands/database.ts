import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { sql } from 'kysely';
import { readConfig } from '../config/read-config.ts';
import { type Database, sqlitePath } from '../stores/sql/database.ts';
import { withDataDirHere } from './data-dir-here.ts';
import { openExisting } from './existing-database.ts';

/** `trainyard db check` and `trainyard db backup FILE`; both may run beside a server. */
export async function databaseCommand(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [verb, ...rest] = argv;
  if (verb !== 'check' && verb !== 'backup') throw new Error(`'db ${verb ?? ''}' is not known; use: trainyard db check, trainyard db backup FILE`);
  const at = verb === 'backup' ? rest.findIndex((word, i) => !word.startsWith('-') && !takesValue(rest[i - 1])) : -1;
  const file = at < 0 ? undefined : rest[at];
  const config = readConfig(rest.filter((_, i) => i !== at), withDataDirHere(env, { cwd: process.cwd(), uid: process.getuid?.() }));
  const database = await openExisting(config.databaseUrl);
  try {
    return verb === 'check' ? await check(database, config.databaseUrl) : await backup(database, { url: config.databaseUrl, file });
  } finally {
    await database.close();
  }
}

/** Every option does, unless it stands behind an equals sign. */
function takesValue(word: string | undefined): boolean {
  return word !== undefined && word.startsWith('--') && !word.includes('=');
}

async function check(database: Database, url: string): Promise<number> {
  const problems = database.kind === 'sqlite' ? await sqliteProblems(database) : [];
  const inconsistent = await danglingRows(database);
  for (const problem of [...problems, ...inconsistent]) process.stdout.write(`problem: ${problem}\n`);
  const { runs } = await database.read.selectFrom('runs').select((eb) => eb.fn.countAll<number>().as('runs')).executeTakeFirstOrThrow();
  process.stdout.write(`${database.kind}, ${Number(runs)} run(s): ${problems.length + inconsistent.length === 0 ? 'ok' : `${problems.length + inconsistent.length} problem(s)`}${database.kind === 'sqlite' ? `, in ${sqlitePath(url)}` : ''}\n`);
  return problems.length + inconsistent.length === 0 ? 0 : 1;
}

async function sqliteProblems(database: Database): Promise<string[]> {
  const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(database.read);
  return rows.map((row) => row.integrity_check).filter((text) => text !== 'ok');
}

/** What no transaction of ours can leave behind. */
async function danglingRows(database: Database): Promise<string[]> {
  const untracked = await database.read.selectFrom('runs').leftJoin('tracking_runs', 'tracking_runs.id', 'runs.id').select('runs.number').where('tracking_runs.id', 'is', null).limit(10).execute();
  const without = await database.read.selectFrom('runs').leftJoin('attempts', (join) => join.onRef('attempts.run_id', '=', 'runs.id').onRef('attempts.number', '=', 'runs.attempt')).select('runs.number').where('runs.attempt', '>', 0).where('attempts.run_id', 'is', null).limit(10).execute();
  return [...untracked.map((run) => `run ${run.number} has no MLflow run`), ...without.map((run) => `run ${run.number} has no row for its attempt`)];
}

async function backup(database: Database, { url, file }: { url: string; file: string | undefined }): Promise<number> {
  if (file === undefined) throw new Error('name the file to write: trainyard db backup FILE');
  if (database.kind !== 'sqlite') throw new Error('a PostgreSQL database is backed up with its own tools: pg_dump --format=custom');
  if (existsSync(file)) throw new Error(`${file} exists already; choose a new name`);
  const { default: Sqlite } = await import('better-sqlite3');
  const source = new Sqlite(sqlitePath(url), { readonly: true });
  try {
    await source.backup(file);
  } finally {
    source.close();
  }
  process.stdout.write(`the database was written to ${resolve(file)}\nback up beside it: keys.json (without it secrets cannot be opened), artifacts, logs, snapshots\n`);
  return 0;
}
