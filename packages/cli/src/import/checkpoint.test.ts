import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Checkpoint, type Progress } from './checkpoint.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'trainyard-checkpoint-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const progress: Progress = { phase: 'points', place: 'x', sent: { points: 7 }, refusedRuns: [] };

describe('a checkpoint', () => {
  it('is found by the same import, and by no other one', () => {
    new Checkpoint({ env: {}, home }, { from: 'a', to: 'b' }).write(progress);
    expect(new Checkpoint({ env: {}, home }, { from: 'a', to: 'b' }).read()).toEqual(progress);
    expect(new Checkpoint({ env: {}, home }, { from: 'a', to: 'c' }).read()).toBeUndefined();
  });

  it('is nothing once it is removed, or broken', () => {
    const checkpoint = new Checkpoint({ env: { XDG_STATE_HOME: join(home, 'state') }, home }, { from: 'a' });
    expect(checkpoint.file.startsWith(join(home, 'state'))).toBe(true);
    checkpoint.write(progress);
    expect(statSync(checkpoint.file).mode & 0o777).toBe(0o600);
    writeFileSync(checkpoint.file, '{"key":');
    expect(checkpoint.read()).toBeUndefined();
    checkpoint.remove();
    expect(checkpoint.read()).toBeUndefined();
  });
});
