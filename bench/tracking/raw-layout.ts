import { join } from 'node:path';
import Sqlite from 'better-sqlite3';

const BATCHES = 300;
/** As many as there are clients: they share a commit. */
const BATCHES_PER_COMMIT = 10;

/**
 * Metrics per second when nothing is done but writing the rows a store of metrics needs at least, with prepared statements: per
 * batch and name one chunk of points and one row with the latest of them, indexed by value. For 1,000 and for 10 names a batch.
 */
export async function rawMetricsPerSecond(dir: string): Promise<number[]> {
  return [1000, 10].map((names) => rawWrites(join(dir, `raw-${names}.db`), names));
}

function rawWrites(file: string, names: number): number {
  const database = new Sqlite(file);
  for (const setting of ['journal_mode = WAL', 'synchronous = FULL', 'cache_size = -32000']) database.pragma(setting);
  database.exec(`
    create table series (id integer primary key, run text, name text, step integer, timestamp integer, value real, unique (run, name));
    create index series_by_value on series (name, value, run);
    create table chunks (series integer, seq integer, points blob, primary key (series, seq)) without rowid`);
  const latest = database.prepare('insert into series (run, name, step, timestamp, value) values (?, ?, ?, ?, ?) on conflict (run, name) do update set step = excluded.step, timestamp = excluded.timestamp, value = excluded.value returning id');
  const chunk = database.prepare('insert into chunks (series, seq, points) values (?, ?, ?)');
  const points = Buffer.from(new Float64Array((3 * 1000) / names).buffer);
  const write = database.transaction((from: number) => {
    for (let batch = from; batch < from + BATCHES_PER_COMMIT; batch++) {
      const run = `run-${batch % BATCHES_PER_COMMIT}`;
      for (let name = 0; name < names; name++) {
        const { id } = latest.get(run, `metric/${name}`, batch, batch, Math.sin(batch + name) * 100) as { id: number };
        chunk.run(id, batch, points);
      }
    }
  });
  const began = performance.now();
  for (let from = 0; from < BATCHES; from += BATCHES_PER_COMMIT) write(from);
  const seconds = (performance.now() - began) / 1000;
  database.close();
  return (BATCHES * 1000) / seconds;
}
