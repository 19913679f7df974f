import { execFile } from 'node:child_process';
import { cpSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

/** Installs what a user runs into a copy of this repository; bytes on disk of what that brought. */
export async function installedBytes(copy: string): Promise<number> {
  const { stdout } = await run('git', ['-C', ROOT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  // a file may be deleted here and not yet in the index
  for (const file of stdout.split('\0').filter((name) => name !== '')) cpSync(join(ROOT, file), join(copy, file), { recursive: true, force: true });
  await run('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund'], { cwd: copy, maxBuffer: 64 * 1024 * 1024 });
  return bytesOnDisk(join(copy, 'node_modules'));
}

/** As `du` counts: blocks, each file once, links not followed. */
export function bytesOnDisk(path: string): number {
  const seen = new Set<number>();
  const count = (one: string): number => {
    const stat = lstatSync(one);
    if (seen.has(stat.ino)) return 0;
    seen.add(stat.ino);
    const inner = stat.isDirectory() ? readdirSync(one).reduce((sum, name) => sum + count(join(one, name)), 0) : 0;
    return inner + stat.blocks * 512;
  };
  return count(path);
}
