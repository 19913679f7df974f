import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { create } from 'tar';
import type { SnapshotStore } from './snapshot-store.ts';

/** What is no source, wherever it lies. */
const LEFT_OUT = /(^|\/)(\.git|\.venv|\.ipynb_checkpoints|__pycache__|node_modules)(\/|$)/;

/** Keeps a directory of the server's own machine, as it is now, like an uploaded source; answers its digest. Throws INVALID_PATH when it is none. */
export async function packDirectory(path: string, snapshots: SnapshotStore): Promise<string> {
  const cwd = resolve(path);
  if ((await stat(cwd).catch(() => undefined))?.isDirectory() !== true) throw new TrainyardError('INVALID_PATH', { path });
  const dir = await mkdtemp(join(tmpdir(), 'trainyard-source-'));
  try {
    const file = join(dir, 'source.tar.gz');
    // without times and owners: the same files are the same source
    await create({ cwd, file, gzip: true, portable: true, mtime: new Date(0), filter: (name) => !LEFT_OUT.test(name) }, ['.']);
    const hash = createHash('sha256');
    for await (const block of createReadStream(file)) hash.update(block as Buffer);
    const digest = hash.digest('hex');
    if ((await snapshots.find(digest)) === undefined) await snapshots.put(digest, createReadStream(file));
    return digest;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
