import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDataDir, openDataDir } from './data-dir-lock.ts';

const LOCK = join(import.meta.dirname, 'data-dir-lock.ts');

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-lock-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Another process that holds the lock until it is killed. */
async function another(): Promise<{ readonly pid: number; kill(): Promise<void> }> {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', `import { lockDataDir } from ${JSON.stringify(LOCK)}; lockDataDir(${JSON.stringify(dir)}); process.stdout.write('held'); setInterval(() => {}, 1000);`], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return {
    pid: child.pid ?? 0,
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe('the lock of a data directory', () => {
  it('is one, also within a process, until it is given back', () => {
    const unlock = lockDataDir(dir);
    expect(() => lockDataDir(dir)).toThrow(expect.objectContaining({ code: 'DATA_DIR_BUSY', params: { dir, pid: String(process.pid) } }) as Error);
    unlock();
    lockDataDir(dir)();
  });

  it('is respected while its owner lives, whatever number it goes by, and taken over when it was killed', async () => {
    const owner = await another();
    expect(() => lockDataDir(dir)).toThrow(`process ${owner.pid}`);
    // the owner's number in its own container: here somebody else has it, or nobody
    for (const pid of ['1', '4194305', String(process.pid)]) {
      writeFileSync(join(dir, 'server.pid'), `${pid}\n`);
      expect(() => lockDataDir(dir)).toThrow(expect.objectContaining({ code: 'DATA_DIR_BUSY' }) as Error);
    }
    await owner.kill();
    lockDataDir(dir)();
  });

  it('makes the directory when it may, and says what is wrong when it cannot be used', () => {
    openDataDir(join(dir, 'new', 'deep'))();
    writeFileSync(join(dir, 'file'), '');
    for (const place of [join(dir, 'file'), join(dir, 'file', 'below')]) expect(() => openDataDir(place)).toThrow(expect.objectContaining({ code: 'DATA_DIR_UNUSABLE', message: expect.stringContaining(place) as string }) as Error);
    expect(() => lockDataDir(join(dir, 'nowhere'))).toThrow(/ENOENT/);
  });
});
