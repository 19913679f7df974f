import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, signalProcess } from '@trainyard/runner/process/process-tree.ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RunnerProcesses } from './runner-processes.ts';

/** A spare says who it is, and carries its attempt out until it is killed; the others end at once. */
const RUNNER = `
import { writeFileSync } from 'node:fs';
const [what, dir] = process.argv.slice(2);
if (what === '--spare') {
  writeFileSync(dir + '/spare.pid', String(process.pid));
  process.stdin.on('data', (attempt) => writeFileSync(dir + '/taken', attempt));
  setInterval(() => undefined, 60_000);
}
`;

let dir: string;
let runners: RunnerProcesses;
let started: number[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-spare-'));
  mkdirSync(join(dir, 'attempt'));
  writeFileSync(join(dir, 'runner.mjs'), RUNNER);
  started = [];
  runners = new RunnerProcesses({ cacheDir: dir, runnerFile: join(dir, 'runner.mjs'), env: {} });
});
afterEach(() => {
  runners.close();
  for (const pid of started) signalProcess(pid, 'SIGKILL');
  rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
});

/** The pid of the spare that is kept ready after a first attempt. */
async function spare(): Promise<number> {
  await runners.start('first', join(dir, 'attempt'));
  const readPid = (): number => {
    const pid = Number(readFileSync(join(dir, 'spare.pid'), 'utf8'));
    expect(pid).toBeGreaterThan(0);
    started.push(pid);
    return pid;
  };
  return vi.waitFor(readPid, { timeout: 30_000 });
}

it('a spare that is ready gets the next attempt', async () => {
  const pid = await spare();
  expect(await runners.start('second', join(dir, 'attempt'))).toBe(pid);
  await vi.waitFor(() => expect(readFileSync(join(dir, 'taken'), 'utf8')).toBe(`${join(dir, 'attempt')}\n`), { timeout: 30_000 });
});

// elsewhere than on Linux one that died and was not waited for cannot be told from one that lives
it.skipIf(process.platform !== 'linux')('a spare that died a moment ago, of which nobody has heard yet, gets none', async () => {
  const pid = await spare();
  process.kill(pid, 'SIGKILL');
  // without a turn of the event loop nobody hears of it
  while (isAlive(pid)) continue;
  const next = await runners.start('second', join(dir, 'attempt'));
  expect(next).not.toBe(pid);
  expect(next).toBeGreaterThan(0);
});
