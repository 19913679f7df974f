import path from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Io } from '../io.ts';
import type { RecordSource } from './record-source.ts';

export interface SourceOptions {
  readonly experiments: readonly string[] | undefined;
  readonly artifacts: readonly string[];
  readonly workspace: string;
}

/** A foreign MLflow by the URI it was given itself: its database, or its server. */
export async function openMlflow(uri: string, options: SourceOptions, io: Io): Promise<RecordSource> {
  const artifacts = options.artifacts.map((dir) => path.resolve(io.cwd, dir));
  const { experiments, workspace } = options;
  const file = sqliteFile(uri, io.cwd);
  if (file !== undefined) {
    const [{ openSqlite }, { openSqlSource }] = await Promise.all([import('./mlflow-sql/sqlite-reader.ts'), import('./mlflow-sql/source.ts')]);
    return opened(await openSqlite(file), (reader) => openSqlSource(reader, { shown: file, experiments, workspace, artifacts, databaseDir: path.dirname(file), cwd: io.cwd }));
  }
  if (/^postgres(ql)?(\+\w+)?:\/\//.test(uri)) {
    const [{ openPostgres }, { openSqlSource }] = await Promise.all([import('./mlflow-sql/postgres-reader.ts'), import('./mlflow-sql/source.ts')]);
    return opened(await openPostgres(uri), (reader) => openSqlSource(reader, { shown: shownUrl(uri), experiments, workspace, artifacts, databaseDir: undefined, cwd: io.cwd }));
  }
  if (/^https?:\/\//.test(uri)) {
    const { openHttpSource } = await import('./mlflow-http/source.ts');
    return await openHttpSource(uri, { experiments, workspace, env: io.env, interrupted: io.interrupted });
  }
  throw new TrainyardError('USAGE', { problem: `'${shownUrl(uri)}' is no place an MLflow can be read from`, advice: adviceFor(uri) });
}

/** Closes what was opened when the rest does not work out. */
async function opened<R extends { close(): Promise<void> }>(reader: R, use: (reader: R) => Promise<RecordSource>): Promise<RecordSource> {
  try {
    return await use(reader);
  } catch (error) {
    await reader.close();
    throw error;
  }
}

/** As SQLAlchemy reads it: three slashes and a relative path, or four and an absolute one. */
function sqliteFile(uri: string, cwd: string): string | undefined {
  const name = /^sqlite(?:\+\w+)?:\/\/\/(.+)$/.exec(uri)?.[1];
  return name === undefined ? undefined : path.resolve(cwd, name);
}

/** Without user and password, also where they hold what should have been encoded. */
function shownUrl(uri: string): string {
  return uri.replace(/^([a-z][\w+.-]*:\/\/).*@/is, '$1');
}

function adviceFor(uri: string): string {
  if (/^(mysql|mssql)/.test(uri)) return 'start its server (mlflow server --backend-store-uri …) and import from http://127.0.0.1:5000';
  if (!uri.includes(':') || uri.startsWith('file:')) return 'a directory of runs (mlruns) is read through its server: mlflow server --backend-store-uri DIR, then import from http://127.0.0.1:5000';
  return 'use sqlite:///mlflow.db, postgresql://user:password@host/database or http://host:port';
}
