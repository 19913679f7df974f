import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aSnapshot, type PackedSource, packed } from '@trainyard/testkit/a-snapshot.ts';
import { anOrder } from '@trainyard/testkit/an-order.ts';
import { LoopbackServer } from '@trainyard/testkit/loopback/server.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerLink } from '../server/server-link.ts';
import { fetchSnapshot, type SnapshotRequest } from './snapshot.ts';

let root: string;
let server: LoopbackServer;
let link: ServerLink;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'trainyard-snapshot-'));
  const order = anOrder();
  server = await LoopbackServer.start(order);
  link = new ServerLink({ url: server.url, token: order.token, onOver: () => undefined });
});
afterEach(async () => {
  link.close();
  await server.stop();
  await rm(root, { recursive: true });
});

const source = aSnapshot([{ path: 'train.py', content: 'print(1)\n' }]);
const cached = (): string => join(root, 'cache', 'snapshots', `${source.digest}.tar.gz`);

function fetchInto(name: string, { digest }: PackedSource = source, changes: Partial<SnapshotRequest> = {}): Promise<void> {
  return fetchSnapshot({ digest, into: join(root, name), cacheDir: join(root, 'cache'), limits: { bytes: 1e6, entries: 100 }, link, signal: new AbortController().signal, patienceMs: 30_000, ...changes });
}
const text = (name: string): Promise<string> => readFile(join(root, name, 'train.py'), 'utf8');

describe('an uploaded source', () => {
  it('is fetched once and unpacked as often as wanted', async () => {
    server.snapshots.set(source.digest, source.bytes);
    await fetchInto('one');
    await writeFile(join(root, 'one', 'train.py'), 'changed by the training');
    await fetchInto('two');
    expect(await text('two')).toBe('print(1)\n');
    expect(server.calls).toHaveLength(1);
  });

  it('is fetched by many at once without harm', async () => {
    server.snapshots.set(source.digest, source.bytes);
    await Promise.all(Array.from({ length: 5 }, (_, i) => fetchInto(`at-once-${i}`)));
    expect(await readdir(join(root, 'cache', 'snapshots'))).toEqual([`${source.digest}.tar.gz`]);
  });

  it('that rots in the cache is fetched again', async () => {
    server.snapshots.set(source.digest, source.bytes);
    await mkdir(join(root, 'cache', 'snapshots'), { recursive: true });
    await writeFile(cached(), aSnapshot([{ path: 'train.py', content: 'evil' }]).bytes);
    await fetchInto('one');
    expect(await text('one')).toBe('print(1)\n');
    expect(await readFile(cached())).toEqual(source.bytes);
  });

  it('is tried again when the connection breaks or what arrives is wrong', async () => {
    server.snapshots.set(source.digest, source.bytes.subarray(0, 50));
    let calls = 0;
    server.fault = () => {
      if (++calls === 3) server.snapshots.set(source.digest, source.bytes);
      return calls === 1 ? 'drop' : undefined;
    };
    await fetchInto('one');
    expect(await text('one')).toBe('print(1)\n');
    expect(calls).toBe(3);
  });

  it('is not there for a server that stays away, and that may pass', async () => {
    await server.stop();
    await expect(fetchInto('one', source, { patienceMs: 200 })).rejects.toMatchObject({ name: 'StepFailure', reason: 'source_unavailable' });
    expect(await readdir(join(root, 'cache', 'snapshots'))).toEqual([]);
  });

  it.each([
    ['is no archive', packed(Buffer.from('hello')), {}, 'is it a tar.gz?'],
    ['leads out', aSnapshot([{ path: '../x', content: 'x' }]), {}, "'../x' leads out"],
    ['is too large', source, { limits: { bytes: 10, entries: 10 } }, 'larger than the 10 bytes allowed'],
    ['has a digest that is none', { ...source, digest: '../../etc/passwd' }, {}, 'is not the digest'],
  ])('that %s is refused for good', async (_, upload, changes, words) => {
    server.snapshots.set(upload.digest, upload.bytes);
    const error = await fetchInto('one', upload, changes).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ name: 'StepFailure', reason: 'bad_spec' });
    expect((error as Error).message).toContain(words);
    expect(await readdir(root)).not.toContain('one');
  });
});
