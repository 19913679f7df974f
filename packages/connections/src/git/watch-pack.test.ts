import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectionContext } from '../connection.ts';
import { watchingPack } from './watch-pack.ts';

let dir: string;
let pack: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'trainyard-pack-'));
  await mkdir(join(dir, '.git/objects/pack'), { recursive: true });
  pack = join(dir, '.git/objects/pack/tmp_pack_1');
  await writeFile(pack, '');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A fetch that goes on until it is ended, or has told so much. */
const fetchOf = (sizeBytes: number, until: Promise<unknown>) => async ({ signal }: ConnectionContext): Promise<string> => {
  await truncate(pack, sizeBytes);
  await Promise.race([until, once(signal, 'abort')]);
  signal.throwIfAborted();
  return 'fetched';
};

describe('a pack that comes', () => {
  it('is ended when it is larger than the files may be', async () => {
    const context = { env: {}, signal: new AbortController().signal };
    const watched = watchingPack({ dir, limitBytes: 1000 }, context, fetchOf(100 * 1024 * 1024, new Promise(() => undefined)));
    await expect(watched).rejects.toMatchObject({ problem: 'too_large', message: expect.stringContaining('1000 are allowed') as string });
  });

  it('may be a little larger, and is told', async () => {
    const told = Promise.withResolvers<number>();
    const context: ConnectionContext = { env: {}, signal: new AbortController().signal, progress: ({ bytes }) => bytes > 0 && told.resolve(bytes) };
    expect(await watchingPack({ dir, limitBytes: 1000 }, context, fetchOf(2000, told.promise))).toBe('fetched');
    expect(await told.promise).toBe(2000);
  });
});
