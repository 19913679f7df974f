// Launches per second through the whole scheduler, claims under a long queue and history, 100 submits at once, memory with 10,000 queued.
import { median, print, say, spread } from './measuring/measure.ts';
import { commitsPerSecond, launchesPerSecond } from './scheduler/launches.ts';

await launches();

async function launches(): Promise<void> {
  const ours: number[] = [];
  const peer: number[] = [];
  for (let round = 0; round < 3; round++) {
    ours.push(await launchesPerSecond(1000));
    peer.push(commitsPerSecond(1000));
  }
  say(`launches: ${spread(ours, '/s')}; commits of one row: ${spread(peer, '/s')}`);
  print({ name: 'launches through the scheduler, beside commits of one row', ours: median(ours), peer: median(peer), unit: '1/s', better: 'more' });
}
