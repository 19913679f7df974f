import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Screen } from '../output/screen.ts';
import { aRunDetail } from '../test-data.ts';
import { runLines } from './run-lines.ts';

describe('a run in detail', () => {
  const screen = new Screen(new Writable(), { coloured: false, program: 'trainyard' });

  it('says what data it saw', () => {
    const version = 'ab'.repeat(32);
    const lines = runLines(aRunDetail({ data: [{ connection: 'wine', localPath: 'data/', files: 2, sizeBytes: 2048, version }, { connection: 'beer', localPath: 'a.csv', files: 1, sizeBytes: 1, version }] }), screen).filter((line) => line.includes('→'));
    expect(lines.map((line) => line.trim().replace(/ {2,}/g, '  '))).toEqual([expect.stringMatching(/^data {2}wine → data\/ {2}2 files, 2\S* \w+, version abababababab$/), expect.stringMatching(/^data {2}beer → a\.csv {2}1 file, 1 \w+, version abababababab$/)]);
  });

  it('has no line for data when there was none', () => {
    expect(runLines(aRunDetail(), screen).join('\n')).not.toContain('→');
  });
});
