// Launches per second through the whole scheduler, claims from a long queue and a long history, 100 submits at once, memory with 10,000 queued.
import { median, print, say, spread } from './measuring/measure.ts';
import { claimTimes } from './scheduler/claim-time.ts';
import { crowd, SUBMITS_AT_ONCE } from './scheduler/crowded-server.ts';
import { commitsPerSecond, launchesPerSecond } from './scheduler/launches.ts';

const ROUNDS = 5;
const LAUNCHES = 1000;

await launches();
await claims();
await crowded();

/** A launch takes five commits (queued, claimed, started, looked at, ended); only sharing them comes near the peer. */
async function launches(): Promise<void> {
  const ours: number[] = [];
  const peer: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await launchesPerSecond(LAUNCHES));
    peer.push(commitsPerSecond(LAUNCHES));
  }
  say(`launches ${spread(ours, '/s')}; commits of one row ${spread(peer, '/s')}`);
  print({ name: 'launches; peer: durable commits of one row', ours: median(ours), peer: median(peer), unit: '1/s', better: 'more' });
}

async function claims(): Promise<void> {
  const { short, longQueue, longHistory, longBoth } = await claimTimes();
  const beside = [
    ['10,000 queued', longQueue],
    ['100,000 ended', longHistory],
    ['10,000 queued and 100,000 ended', longBoth],
  ] as const;
  say(`claim of 16 runs from 100 queued ${spread(short, 'ms')}`);
  for (const [what, times] of beside) {
    say(`claim with ${what} ${spread(times, 'ms')}`);
    print({ name: `claim with ${what}; peer: 100 queued, none ended`, ours: median(times), peer: median(short), unit: 'ms', better: 'less' });
  }
}

async function crowded(): Promise<void> {
  const { alone, together, submitsPerSecond, residentBytes } = await crowd();
  const each = together.map((ms) => ms / SUBMITS_AT_ONCE);
  say(`one submit alone ${spread(alone, 'ms')}; ${SUBMITS_AT_ONCE} at once ${spread(together, 'ms')}`);
  print({ name: `submit over HTTP, each of ${SUBMITS_AT_ONCE} at once; peer: one alone`, ours: median(each), peer: median(alone), unit: 'ms', better: 'less' });
  print({ name: 'submits over HTTP until 10,000 are queued', ours: submitsPerSecond, peer: null, unit: '1/s', better: 'more' });
  print({ name: 'resident memory of the server, 10,000 queued and 100 running', ours: residentBytes / 1e6, peer: null, unit: 'MB', better: 'less' });
}
