// Log ingest of one server in MB/s, beside appending to a file; and how late a follower sees a line that a program wrote.
import { join } from 'node:path';
import { appendedPerSecond, IngestServer } from './logs/ingest.ts';
import { tailDelays } from './logs/tail.ts';
import { aDirectory } from './measuring/cache-dir.ts';
import { median, print, quantile, say, spread } from './measuring/measure.ts';

const ROUNDS = 5;
const MEGABYTES = 128;
const LINES = 300;

using dir = aDirectory();
await ingest();
await tail();

async function ingest(): Promise<void> {
  await using server = await IngestServer.start(join(dir.path, 'ingest'), 8);
  for (const attempts of [1, 8]) {
    const ours: number[] = [];
    const peer: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await server.megabytesPerSecond(attempts, MEGABYTES / attempts));
      peer.push(await appendedPerSecond(dir.path, attempts, MEGABYTES / attempts));
    }
    const name = attempts === 1 ? '1 attempt' : `${attempts} attempts at once`;
    say(`ingest, ${name} ${spread(ours, 'MB/s')}; appending ${spread(peer, 'MB/s')}`);
    print({ name: `log ingest, ${name}; peer: appending the same to files`, ours: median(ours), peer: median(peer), unit: 'MB/s', better: 'more' });
  }
}

async function tail(): Promise<void> {
  const delays = await tailDelays(join(dir.path, 'tail'), LINES);
  say(`a line reaches its follower after ${spread(delays, 'ms')}`);
  print({ name: 'line written to line seen, median', ours: median(delays), peer: null, unit: 'ms', better: 'less' });
  print({ name: 'line written to line seen, 99 of 100', ours: quantile(delays, 0.99), peer: null, unit: 'ms', better: 'less' });
}
