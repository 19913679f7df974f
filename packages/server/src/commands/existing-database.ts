import { existsSync } from 'node:fs';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { connect, type Database, openDatabase, sqlitePath } from '../stores/sql/database.ts';

/** Opens a database that a server has made. One that is not there is not made either: whoever cares for a database named a wrong place. */
export async function openExisting(url: string): Promise<Database> {
  if (!/^postgres(ql)?:\/\//.test(url)) {
    const path = sqlitePath(url);
    if (!existsSync(path)) throw absent(path);
  }
  if (!(await isOfServer(url))) throw absent(url.replace(/\/\/[^@/]*@/, '//'));
  return openDatabase(url);
}

async function isOfServer(url: string): Promise<boolean> {
  const database = await connect(url);
  try {
    return (await database.read.introspection.getTables()).some(({ name }) => name === 'runs');
  } finally {
    await database.close();
  }
}

function absent(place: string): TrainyardError {
  return new TrainyardError('USAGE', { problem: `there is no database of Trainyard at ${place}`, advice: 'name the data directory of the server with --data-dir, or its database with --database-url' });
}
