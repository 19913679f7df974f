import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFile, type LogFileOptions, OWN_LINES_BYTES } from './log-file.ts';
import { Needles } from './needles.ts';

let root: string;
let path: string;
let warnings: string[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'trainyard-log-'));
  path = join(root, 'log');
  warnings = [];
});
afterEach(() => rm(root, { recursive: true, force: true }));

function aLog(changes: Partial<LogFileOptions> = {}): LogFile {
  return new LogFile({ path, limitBytes: 1024 * 1024, needles: new Needles(['hunter2']), onGrown: () => undefined, onWarning: (line) => warnings.push(line), onDiskFull: () => undefined, ...changes });
}

const bytes = (text: string): Buffer => Buffer.from(text);
const text = (): Promise<string> => readFile(path, 'utf8');

describe('the log of an attempt', () => {
  it('begins lines of the runner on a line of their own', async () => {
    const log = aLog();
    log.say('one');
    log.write(bytes('loss: '));
    log.say('two\nthree hunter2');
    log.close();
    expect(await text()).toBe('[trainyard] one\nloss: \n[trainyard] two\n[trainyard] three *****\n');
    expect(log.sizeBytes).toBe((await text()).length);
  });

  it('finds a secret although the other stream wrote in its middle', async () => {
    const log = aLog();
    log.write(bytes('key hun'), 'stdout');
    log.write(bytes('warning\n'), 'stderr');
    log.write(bytes('ter2\n'), 'stdout');
    log.close();
    expect(await text()).toBe('key warning\n*****\n');
  });

  it('lets through at the end of a program what only began like a secret', async () => {
    const log = aLog();
    log.write(bytes('hunt'));
    expect(log.sizeBytes).toBe(0);
    log.endOfOutput();
    log.say('done');
    expect(await text()).toBe('hunt\n[trainyard] done\n');
    log.close();
  });

  it('keeps what fits, warns once, and knows the true last lines', async () => {
    const log = aLog({ limitBytes: 1000 });
    for (let i = 0; i < 1000; i++) log.write(bytes(`line ${i}\n`));
    log.say('train: exit_code');
    log.close();
    expect((await text()).startsWith('line 0\nline 1\n')).toBe(true);
    expect(await text()).toContain('reached its limit of 1000 bytes');
    expect((await text()).endsWith('[trainyard] train: exit_code\n')).toBe(true);
    expect(warnings).toHaveLength(1);
    expect(log.sizeBytes).toBeLessThan(1000 + OWN_LINES_BYTES);
    expect(log.lastLines().split('\n').slice(-2)).toEqual(['line 999', '[trainyard] train: exit_code']);
    expect(log.lastLines().split('\n')).toHaveLength(50);
  });

  it('gives valid text of at most 16 KiB as its last lines, whatever was written', () => {
    const log = aLog();
    log.write(Buffer.concat([bytes('€'.repeat(10_000)), Buffer.from([0xff, 0x00, 0xe2, 0x82])]));
    const last = log.lastLines();
    expect(last.isWellFormed()).toBe(true);
    expect(last.startsWith('€€')).toBe(true);
    expect(last.endsWith('\uFFFD\0\uFFFD')).toBe(true);
    expect(last.length).toBeLessThan(16 * 1024);
    log.close();
  });

  it('goes on behind what is there', async () => {
    await writeFile(path, '');
    const first = aLog();
    first.say('a');
    first.close();
    expect(await text()).toBe('[trainyard] a\n');
  });
});
