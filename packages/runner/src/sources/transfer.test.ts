import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, type ConnectionContext, ConnectionError, type ConnectionProblem, type Fetched, type FetchRequest } from '@trainyard/connections/connection.ts';
import { anOrder } from '@trainyard/testkit/an-order.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Attempt } from '../attempt.ts';
import { resumeDirFor } from './resume-dir.ts';
import { transfer } from './transfer.ts';

const FETCHED: Fetched = { kind: 'directory', version: 'ab'.repeat(32), files: 1, sizeBytes: 2, notes: ['by the way'] };
const DAY_MS = 24 * 60 * 60_000;
let root: string;
let said: string[];
let told: string[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'trainyard-transfer-'));
  [said, told] = [[], []];
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(root, { recursive: true, force: true });
});

type Fetch = (request: FetchRequest, context: ConnectionContext) => Promise<Fetched>;

function carryOut(fetch: Fetch): Promise<Fetched> {
  const log = { write: () => undefined, say: (line: string) => said.push(line), warn: (line: string) => said.push(`warning: ${line}`) };
  const attempt = { order: anOrder({ run: 'ab'.repeat(16) }), cacheDir: join(root, 'cache'), log, progress: (step: string, message: string) => told.push(`${step}: ${message}`) } as unknown as Attempt;
  const connection: Connection = { type: 'fake', uses: ['data'], problems: () => [], check: () => Promise.reject(new Error('not asked')), fetch };
  const from = { connection, spec: { type: 'fake', uri: 'fake://wine', vital: false }, context: { env: {}, signal: new AbortController().signal } };
  return transfer(attempt, { from, name: 'wine → data/', step: 'data', unreachable: 'data_unavailable', into: join(root, 'into'), limits: { bytes: 1, entries: 1 } });
}

/** Leaves something for the next attempt. */
async function half({ resumeDir = '' }: FetchRequest): Promise<void> {
  await mkdir(resumeDir, { recursive: true });
  await writeFile(join(resumeDir, 'half'), '');
}

const kept = (): Promise<string[]> => readdir(join(root, 'cache', 'transfers'));

describe('a transfer', () => {
  it('tells calmly how far it is', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    await carryOut((_request, { progress }) => {
      for (let i = 1; i <= 100; i++) {
        vi.advanceTimersByTime(200);
        progress?.({ files: i, totalFiles: i < 50 ? 0 : 100, bytes: i * 1e6, totalBytes: i < 50 ? 0 : 1e8 });
      }
      return Promise.resolve(FETCHED);
    });
    expect(said).toEqual(['data: wine → data/: 25 files, 25.0 MB', 'data: wine → data/: 50 of 100 files, 50.0 MB of 100.0 MB', 'data: wine → data/: 75 of 100 files, 75.0 MB of 100.0 MB', 'data: wine → data/: 100 of 100 files, 100.0 MB of 100.0 MB', 'warning: wine → data/: by the way']);
    expect(told).toHaveLength(4);
  });

  it('keeps what it has for the next attempt of the run when the place cannot be reached', async () => {
    await expect(carryOut(async (request) => {
      await half(request);
      throw new ConnectionError('unreachable', 'away');
    })).rejects.toMatchObject({ reason: 'data_unavailable' });
    const [first] = await kept();
    let found: string[] = [];
    await carryOut(async ({ resumeDir = '' }) => {
      expect(resumeDir).toBe(join(root, 'cache', 'transfers', first ?? ''));
      found = await readdir(resumeDir);
      return FETCHED;
    });
    expect(found).toEqual(['half']);
    expect(await kept()).toEqual([]);
  });

  it.each<[ConnectionProblem, string]>([['not_found', 'bad_spec'], ['refused', 'bad_spec'], ['invalid', 'bad_spec'], ['too_large', 'bad_spec'], ['not_installed', 'bad_spec'], ['disk_full', 'disk_full']])('that is %s keeps nothing', async (problem, reason) => {
    await expect(carryOut(async (request) => {
      await half(request);
      throw new ConnectionError(problem, 'no');
    })).rejects.toMatchObject({ reason, message: 'no' });
    expect(await kept()).toEqual([]);
  });
});

describe('what is kept for a next attempt', () => {
  const request = (changes: Partial<Parameters<typeof resumeDirFor>[0]> = {}): Parameters<typeof resumeDirFor>[0] => ({ cacheDir: join(root, 'cache'), into: join(root, 'into'), run: 'a', place: ['s3', 's3://wine'], ...changes });

  it('is of one run and one place, and nobody else reads it', async () => {
    const dirs = await Promise.all([request(), request(), request({ run: 'b' }), request({ place: ['s3', 's3://beer'] })].map(resumeDirFor));
    expect(new Set(dirs).size).toBe(3);
    expect(dirs[0]).toBe(dirs[1]);
    expect((await stat(join(root, 'cache', 'transfers'))).mode & 0o777).toBe(0o700);
  });

  it('goes when nobody has come back for a day', async () => {
    const [old, fresh] = [await resumeDirFor(request()), await resumeDirFor(request({ run: 'b' }))];
    for (const dir of [old, fresh]) await mkdir(dir ?? '');
    const then = new Date(Date.now() - DAY_MS - 60_000);
    await utimes(old ?? '', then, then);
    await resumeDirFor(request({ run: 'c' }));
    expect(await kept()).toEqual([fresh?.split('/').at(-1)]);
  });

  it.skipIf(process.platform !== 'linux')('is nothing where the cache lies on another disk', async () => {
    expect(await resumeDirFor(request({ into: '/proc/into' }))).toBeUndefined();
  });
});
