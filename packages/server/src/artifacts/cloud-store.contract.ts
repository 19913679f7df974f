import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ArtifactPlace } from '@trainyard/core/tracking/artifact-place.ts';
import type { Cloud } from '@trainyard/testkit/clouds/cloud.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ArtifactStore, DirectTransfers } from './artifact-store.ts';
import { artifactStoreContract } from './artifact-store.contract.ts';
import { type ArtifactsConfig, openArtifactStore } from './catalog.ts';

const run: ArtifactPlace = { experimentId: '1', kind: 'run', id: 'a'.repeat(32) };
const MiB = 2 ** 20;

/** The laws of artifact-store.ts on an object store, and what only such a store can do or fail at. */
export function cloudStoreContract(name: string, start: () => Promise<Cloud>): void {
  let cloud: Cloud;
  beforeAll(async () => void (cloud = await start()), 1_000_000);
  afterAll(() => cloud.stop());
  afterEach(() => cloud.wire.mend());

  const configOf = (over: Partial<ArtifactsConfig> = {}): ArtifactsConfig => ({
    location: `${cloud.location}/${randomBytes(6).toString('hex')}/deep`, dataDir: '/nowhere', maxBytes: 100 * MiB, endpoint: cloud.endpoint, region: undefined, pathStyle: true, direct: true, env: cloud.env, ...over,
  });
  const open = (over: Partial<ArtifactsConfig> = {}): Promise<ArtifactStore> => openWithEnv(configOf(over));

  artifactStoreContract(name, async (maxBytes) => {
    const config = configOf({ maxBytes });
    return { store: await openWithEnv(config), files: () => filesOf(config) };
  });

  describe(`an object store of ${name}`, () => {
    it('sends large artifacts in parts and gives back the same bytes, whole and in ranges', async () => {
      const store = await open();
      const bytes = randomBytes(20 * MiB + 3);
      await store.put(run, 'large', Readable.from(chunksOf(bytes)));
      const artifact = await store.open(run, 'large');
      expect(Buffer.concat((await artifact?.read().toArray()) ?? []).equals(bytes)).toBe(true);
      const again = await store.open(run, 'large');
      const range = { firstByte: 8 * MiB - 5, lastByte: 8 * MiB + 5 };
      expect(Buffer.concat((await again?.read(range).toArray()) ?? []).equals(bytes.subarray(range.firstByte, range.lastByte + 1))).toBe(true);
    });

    it('keeps what was there when a large upload breaks off, by its client or by the limit', async () => {
      const store = await open({ maxBytes: 24 * MiB });
      await store.put(run, 'a', Readable.from([Buffer.from('old')]));
      async function* breaking() {
        yield Buffer.alloc(20 * MiB);
        throw new Error('connection reset');
      }
      await expect(store.put(run, 'a', breaking())).rejects.toThrow('connection reset');
      await expect(store.put(run, 'a', Readable.from(chunksOf(Buffer.alloc(25 * MiB))))).rejects.toMatchObject({ code: 'TOO_LARGE' });
      expect(await textOf(store, 'a')).toBe('old');
      expect((await store.list(run, '')).map((entry) => entry.name)).toEqual(['a']);
    });

    it('shows nothing of an upload during which the store goes away, says so, and goes on when it is back', async () => {
      const store = await open();
      cloud.wire.cutAfter(12 * MiB);
      await expect(store.put(run, 'a', Readable.from(chunksOf(Buffer.alloc(40 * MiB))))).rejects.toMatchObject({ code: 'ARTIFACT_STORE_UNUSABLE', status: 503 });
      await expect(store.open(run, 'a')).rejects.toMatchObject({ code: 'ARTIFACT_STORE_UNUSABLE' });
      cloud.wire.mend();
      expect(await store.list(run, '')).toEqual([]);
      await store.put(run, 'a', Readable.from([Buffer.from('new')]));
      expect(await textOf(store, 'a')).toBe('new');
    });

    it('breaks a download during which the store goes away, and ends it nowhere else', async () => {
      const store = await open();
      await store.put(run, 'a', Readable.from(chunksOf(randomBytes(30 * MiB))));
      const artifact = await store.open(run, 'a');
      cloud.wire.cutAfter(4 * MiB);
      await expect(artifact?.read().toArray()).rejects.toMatchObject({ code: 'ARTIFACT_STORE_UNUSABLE' });
      cloud.wire.mend();
    });

    it('refuses to open with credentials the store does not know, and says none of them', async () => {
      const error = await open({ env: cloud.wrongEnv }).catch((reason: unknown) => reason as Error & { hint: string });
      expect(error).toMatchObject({ code: 'ARTIFACT_STORE_UNUSABLE', message: expect.stringContaining('refuses our credentials') as string, hint: expect.stringMatching(/^check [A-Z_]+/) as string });
      const said = `${String((error as Error).stack)} ${JSON.stringify(error)} ${String(((error as Error).cause as Error | undefined)?.stack)}`;
      for (const secret of cloud.secrets) expect(said).not.toContain(secret);
    });

    it('refuses to open a bucket that is not there, and a store that does not answer', async () => {
      await expect(open({ location: cloud.missingLocation })).rejects.toMatchObject({ code: 'ARTIFACT_STORE_UNUSABLE', message: expect.stringContaining('there is no such bucket') as string, hint: expect.stringContaining('create the bucket') as string });
      await expect(open({ endpoint: 'http://127.0.0.1:9' })).rejects.toMatchObject({ code: 'ARTIFACT_STORE_UNUSABLE', message: expect.stringContaining('does not answer') as string });
    });

    it('hands out no URLs when it is told not to', async () => {
      expect((await open({ direct: false })).direct).toBeUndefined();
    });
  });

  describe(`direct transfers of ${name}`, () => {
    const send = async ({ url, headers, number }: { url: string; headers: Readonly<Record<string, string>>; number: number }, bytes: Buffer) => {
      const response = await fetch(url, { method: 'PUT', body: new Uint8Array(bytes), headers });
      expect(response.status).toBeLessThan(300);
      return { number, tag: response.headers.get('etag') ?? '' };
    };

    async function opened(over: Partial<ArtifactsConfig> = {}): Promise<{ store: ArtifactStore; direct: DirectTransfers }> {
      const store = await open(over);
      if (store.direct === undefined) throw new Error('this store has no direct transfers');
      return { store, direct: store.direct };
    }

    it('show an upload when it is completed, not before', async () => {
      const { store, direct } = await opened();
      const pieces = [randomBytes(5 * MiB), randomBytes(5 * MiB), randomBytes(7)];
      const { uploadId, parts } = await direct.startUpload(run, 'd/größe + 100%.bin', 3);
      const sent = await Promise.all(parts.map((part, index) => send(part, pieces[index] ?? Buffer.alloc(0))));
      expect([await store.list(run, ''), await store.open(run, 'd/größe + 100%.bin')]).toEqual([[], undefined]);
      expect(await direct.completeUpload(run, 'd/größe + 100%.bin', { uploadId, parts: sent })).toEqual({ sizeBytes: 10 * MiB + 7 });
      const artifact = await store.open(run, 'd/größe + 100%.bin');
      expect(Buffer.concat((await artifact?.read().toArray()) ?? []).equals(Buffer.concat(pieces))).toBe(true);
    });

    it('are refused when a part is missing, has other bytes, or is out of order', async () => {
      const { direct } = await opened();
      const { uploadId, parts } = await direct.startUpload(run, 'a', 2);
      const [first, second] = parts;
      if (first === undefined || second === undefined) throw new Error('two parts were asked for');
      const sent = await send(first, Buffer.alloc(5 * MiB));
      const complete = (...named: { number: number; tag: string }[]) => direct.completeUpload(run, 'a', { uploadId, parts: named });
      await expect(complete(sent, { number: 2, tag: 'x' })).rejects.toMatchObject({ code: 'INCOMPLETE_UPLOAD' });
      await expect(complete()).rejects.toMatchObject({ code: 'INCOMPLETE_UPLOAD' });
      const last = await send(second, Buffer.from('end'));
      await expect(complete(last, sent)).rejects.toMatchObject({ code: 'INCOMPLETE_UPLOAD' });
      await expect(complete(sent, last)).resolves.toEqual({ sizeBytes: 5 * MiB + 3 });
    });

    it('are refused when a part is named by the tag of other bytes, where the store has tags', async () => {
      const { direct } = await opened();
      const { uploadId, parts } = await direct.startUpload(run, 'a', 1);
      const sent = await Promise.all(parts.map((part) => send(part, Buffer.from('x'))));
      const complete = direct.completeUpload(run, 'a', { uploadId, parts: sent.map((part) => ({ ...part, tag: '"none"' })) }).then(() => 'completed', (error: { code?: unknown }) => error.code);
      expect(await complete).toBe(sent[0]?.tag === '' ? 'completed' : 'INCOMPLETE_UPLOAD');
    });

    it('are over once they are aborted, and may be aborted again', async () => {
      const { store, direct } = await opened();
      const { uploadId, parts } = await direct.startUpload(run, 'a', 1);
      for (let again = 0; again < 2; again++) await direct.abortUpload(run, 'a', uploadId);
      await expect(direct.completeUpload(run, 'a', { uploadId, parts: [{ number: 1, tag: 'x' }] })).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' });
      expect([parts.length, await store.list(run, '')]).toEqual([1, []]);
    });

    it('leave nothing of what is larger than the limit', async () => {
      const { store, direct } = await opened({ maxBytes: 1000 });
      const { uploadId, parts } = await direct.startUpload(run, 'a', 1);
      const sent = await Promise.all(parts.map((part) => send(part, Buffer.alloc(1001))));
      await expect(direct.completeUpload(run, 'a', { uploadId, parts: sent })).rejects.toMatchObject({ code: 'TOO_LARGE' });
      expect(await store.open(run, 'a')).toBeUndefined();
    });

    it('fetch a file in ranges, as a download, and nothing else with the same URL', async () => {
      const { store, direct } = await opened();
      await store.put(run, 'd/größe + 100%.html', Readable.from([Buffer.from('0123456789')]));
      expect(await direct.signDownload(run, 'd', { contentType: 'text/html', contentDisposition: 'attachment' })).toBeUndefined();
      const signed = await direct.signDownload(run, 'd/größe + 100%.html', { contentType: 'text/html', contentDisposition: 'attachment; filename=page.html' });
      const response = await fetch(signed?.url ?? '', { headers: { ...signed?.headers, range: 'bytes=2-4' } });
      expect([signed?.sizeBytes, response.status, await response.text(), response.headers.get('content-disposition')]).toEqual([10, 206, '234', 'attachment; filename=page.html']);
      const other = await fetch((signed?.url ?? '').replace('.html', '.htm'));
      expect(other.status).toBe(403);
      expect((await fetch(signed?.url ?? '', { method: 'PUT', body: 'x' })).status).toBeGreaterThanOrEqual(400);
    });

    it('stay inside of their place', async () => {
      const { direct } = await opened();
      for (const path of ['../x', '', 'a/%2e%2e/b']) await expect(direct.startUpload(run, path, 1)).rejects.toMatchObject({ code: 'INVALID_PATH' });
      await expect(direct.signDownload(run, '../x', { contentType: 'text/plain', contentDisposition: 'attachment' })).rejects.toMatchObject({ code: 'INVALID_PATH' });
    });
  });
}

/** Google's library looks for credentials in the environment of the process only. */
function openWithEnv(config: ArtifactsConfig): Promise<ArtifactStore> {
  Object.assign(process.env, config.env);
  return openArtifactStore(config);
}

function* chunksOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

async function textOf(store: ArtifactStore, path: string): Promise<string | undefined> {
  return (await (await store.open(run, path))?.read().toArray())?.toString();
}

/** Every object below the prefix of the store, found by listing the places the suite uses. */
async function filesOf(config: ArtifactsConfig): Promise<readonly string[]> {
  const store = await openWithEnv(config);
  const places: ArtifactPlace[] = [run, { ...run, experimentId: '2' }, { ...run, kind: 'model', id: `m-${'a'.repeat(32)}` }];
  const below = async (place: ArtifactPlace, path: string): Promise<string[]> => {
    const entries = await store.list(place, path);
    const found: string[] = [];
    for (const { name, sizeBytes } of entries) found.push(...(sizeBytes === undefined ? await below(place, `${path}${path === '' ? '' : '/'}${name}`) : [name]));
    return found;
  };
  return (await Promise.all(places.map((place) => below(place, '')))).flat();
}
