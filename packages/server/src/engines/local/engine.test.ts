import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processStart } from '@trainyard/runner/process/process-tree.ts';
import { expect, it, vi } from 'vitest';
import { LocalEngine } from './engine.ts';

it('to stop an attempt succeeds although its runner ends between the look and the signal', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'trainyard-stop-'));
  const key = `${'a'.repeat(32)}-1`;
  mkdirSync(join(dir, key));
  // this process stands for the runner: it is there when it is looked for
  writeFileSync(join(dir, key, 'spawned'), JSON.stringify({ pid: process.pid, processStart: processStart(process.pid) }));
  const signals: unknown[] = [];
  const kill = vi.spyOn(process, 'kill').mockImplementation((pid, signal = 'SIGTERM') => {
    if (pid === process.pid && signal === 0) return true;
    signals.push([pid, signal]);
    throw Object.assign(new Error('kill ESRCH'), { code: 'ESRCH' });
  });
  try {
    const engine = new LocalEngine({ attemptsDir: dir, cacheDir: dir, runnerFile: join(dir, 'no-runner.mjs'), env: {} });
    await engine.stop(key, 0);
    expect(signals).toEqual([[process.pid, 'SIGTERM']]);
  } finally {
    kill.mockRestore();
    rmSync(dir, { recursive: true });
  }
});
