import { aDirectory } from '../measuring/cache-dir.ts';
import { QueuedDatabase } from './queued-database.ts';

const ROUNDS = 40;
const RUNS_PER_CLAIM = 16;

export interface ClaimTimes {
  readonly short: readonly number[];
  readonly longQueue: readonly number[];
  readonly longHistory: readonly number[];
  readonly longBoth: readonly number[];
}

/** Milliseconds of claims on four databases, in turns, so that whatever else the machine does falls on all of them alike. */
export async function claimTimes(): Promise<ClaimTimes> {
  using dir = aDirectory();
  const make = (queued: number, ended: number): Promise<QueuedDatabase> => QueuedDatabase.make({ dir: dir.path, queued, ended });
  await using short = await make(100, 0);
  await using longQueue = await make(10_000, 0);
  await using longHistory = await make(100, 100_000);
  await using longBoth = await make(10_000, 100_000);
  const times = { short: [] as number[], longQueue: [] as number[], longHistory: [] as number[], longBoth: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    times.short.push(await short.timeClaim(RUNS_PER_CLAIM));
    times.longQueue.push(await longQueue.timeClaim(RUNS_PER_CLAIM));
    times.longHistory.push(await longHistory.timeClaim(RUNS_PER_CLAIM));
    times.longBoth.push(await longBoth.timeClaim(RUNS_PER_CLAIM));
  }
  return times;
}
