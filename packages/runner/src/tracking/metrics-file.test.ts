import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Metric } from './metric-line.ts';
import { MetricsFile } from './metrics-file.ts';

let root: string;
let path: string;
let sent: Metric[][];
let warnings: string[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'trainyard-metrics-'));
  path = join(root, 'metrics');
  await writeFile(path, '');
  [sent, warnings] = [[], []];
});
afterEach(() => rm(root, { recursive: true, force: true }));

function follow(send = async (metrics: readonly Metric[]): Promise<void> => void sent.push([...metrics])): MetricsFile {
  return new MetricsFile({ path, send, warn: (line) => warnings.push(line) });
}

const values = (): unknown[] => sent.flat().map(({ value }) => value);

describe('the metrics file', () => {
  it('is sent while it is written, and a line only when it is whole', async () => {
    const file = follow();
    await appendFile(path, 'loss=1\nlo');
    await waitFor('the first line', () => values().length === 1);
    await appendFile(path, 'ss=2\nloss=3');
    await waitFor('the second line', () => values().length === 2);
    expect(values()).toEqual([1, 2]);
    await file.finish();
    expect(values()).toEqual([1, 2, 3]);
  });

  it('goes in calls of at most 1000', async () => {
    await writeFile(path, Array.from({ length: 30_500 }, (_, i) => `loss=${i}\n`).join(''));
    await follow().finish();
    expect(Math.max(...sent.map(({ length }) => length))).toBe(1000);
    expect(values()).toEqual(Array.from({ length: 30_500 }, (_, i) => i));
  });

  it('keeps characters whole that lie across two reads', async () => {
    const filler = 'x=1\n'.repeat(65_535);
    await writeFile(path, `${filler}xyä=1\n`.replace('ä', '\u00e4'));
    await follow().finish();
    expect(warnings).toEqual(['line 65536 of the metrics file is left out: its key "xyä" is not a name of 1 to 250 letters, digits, \'_\', \'-\', \'.\', \'/\', \':\' or blanks']);
  });

  it('names the first bad lines and counts the rest', async () => {
    await writeFile(path, 'nonsense\n'.repeat(500) + 'loss=1\n');
    await follow().finish();
    expect(values()).toEqual([1]);
    expect(warnings).toHaveLength(11);
    expect(warnings.at(-1)).toContain('500 lines');
  });

  it('does not keep a line without an end in memory', async () => {
    await writeFile(path, `${'x'.repeat(3_000_000)}\nloss=1\n`);
    await follow().finish();
    expect(values()).toEqual([1]);
    expect(warnings).toHaveLength(1);
  });

  it('waits in the file while nothing can be sent', async () => {
    let free = (): void => undefined;
    const blocked = new Promise<void>((resolve) => (free = resolve));
    const file = follow(async (metrics) => {
      await blocked;
      sent.push([...metrics]);
    });
    await appendFile(path, 'loss=1\n');
    const finished = file.finish();
    await appendFile(path, 'loss=2\n');
    free();
    await finished;
    expect(values()).toEqual([1, 2]);
  });
});
