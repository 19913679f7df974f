import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory on a disk of one megabyte. `isMounted` is false, and said so, where nobody may mount one. */
export class SmallDisk {
  readonly dir: string;
  readonly isMounted: boolean;

  private constructor(dir: string, isMounted: boolean) {
    this.dir = dir;
    this.isMounted = isMounted;
  }

  static async make(): Promise<SmallDisk> {
    const dir = await mkdtemp(join(tmpdir(), 'trainyard-small-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir], { stdio: 'ignore' });
      return new SmallDisk(dir, true);
    } catch {
      process.stderr.write('SKIPPED: the full disk is not tested, because only root may mount a small one\n');
      return new SmallDisk(dir, false);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isMounted) execFileSync('umount', [this.dir]);
    await rm(this.dir, { recursive: true, force: true });
  }
}
