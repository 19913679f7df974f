import { existsSync } from 'node:fs';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aProgram } from './an-attempt.int.ts';

const ROOT = '/sys/fs/cgroup';
const IS_LEGACY = existsSync(join(ROOT, 'memory', 'cgroup.procs'));
const group = join(ROOT, IS_LEGACY ? 'memory' : '', `trainyard-test-${process.pid}`);
const LIMIT_BYTES = 300e6;

describe('a machine without enough memory', () => {
  let limited = false;

  beforeAll(async () => {
    try {
      await mkdir(group);
      await writeFile(join(group, IS_LEGACY ? 'memory.limit_in_bytes' : 'memory.max'), String(LIMIT_BYTES));
      limited = true;
    } catch {
      process.stderr.write('SKIPPED: running out of memory is not tested, because only root may make a cgroup with a limit\n');
    }
  });
  afterAll(() => (limited ? waitFor('an empty cgroup', () => rmdir(group).then(() => true, () => false)) : undefined));

  it.for([
    ['the program itself', process.execPath, 'train.mjs'],
    ['a child of a shell', 'sh', '-c', '"$1" train.mjs; exit $?', 'sh', process.execPath],
  ])('ends %s, and the reason is known', async ([, ...args], { skip }) => {
    if (!limited) skip();
    const allocate = 'const all = []; for (let i = 0; i < 200; i++) all.push(Buffer.alloc(10e6, 1));';
    await using attempt = await aProgram(allocate, { spec: { args } });
    // the runner must be in the group before it starts anything
    let moved = false;
    attempt.server.fault = (call) => (call.includes('/snapshots/') && !moved ? 503 : undefined);
    const runner = attempt.start();
    await writeFile(join(group, 'cgroup.procs'), String(runner.pid));
    moved = true;
    expect(await runner.ended).toBe(0);
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'out_of_memory', step: 'train' });
  });
});
