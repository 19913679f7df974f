import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import type { PointsRecord, RunRecord } from '@trainyard/core/tracking/records/record.ts';
import { writeRecord } from '@trainyard/core/tracking/records/write-record.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cleanEnvironment, ServerProcess, waitFor } from './server-process.ts';

const BIN = resolve(import.meta.dirname, '../packages/cli/bin/trainyard.mjs');
const RUNS = 240;
const POINTS = 2000;

let dir: string;
const servers: ServerProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-transfer-'));
});
afterEach(async ({ task }) => {
  for (const server of servers.splice(0)) await server.dispose(task.result?.state === 'fail');
  rmSync(dir, { recursive: true, force: true });
});

async function startServer(): Promise<ServerProcess> {
  const server = new ServerProcess();
  servers.push(server);
  await server.start();
  return server;
}

interface Command {
  readonly process: ChildProcess;
  /** Exit code and all output. */
  readonly ended: Promise<{ code: number | null; out: string; err: string }>;
}

function trainyard(server: ServerProcess, ...argv: string[]): Command {
  const child = spawn(process.execPath, [BIN, ...argv], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...cleanEnvironment(), XDG_STATE_HOME: join(dir, 'state'), TRAINYARD_URL: server.url, TRAINYARD_TOKEN: server.token } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
  return { process: child, ended: once(child, 'close').then(([code]) => ({ code: code as number | null, out, err })) };
}

function runId(index: number): string {
  return createHash('md5').update(String(index)).digest('hex');
}

/** An export with runs, many points and some files, as if another server had written it. */
function writeExport(): string {
  const home = join(dir, 'written');
  mkdirSync(join(home, 'records'), { recursive: true });
  const ids = Array.from({ length: RUNS }, (_, index) => runId(index)).toSorted();
  const runs = ids.map((id, index): RunRecord => ({ kind: 'run', id, experiment: 'big', name: `run ${index}`, userId: 'ann', status: 'FINISHED', startTime: 1000 + index, endTime: 2000, stage: index % 10 === 0 ? 'deleted' : 'active', deletedAt: index % 10 === 0 ? 3000 : null, artifactUri: null, params: [{ key: 'p', value: String(index) }], tags: [], datasets: [], inputModels: [], outputModels: [], metrics: 1, points: POINTS }));
  const numbers = Array.from({ length: POINTS }, (_, step) => step);
  const points = ids.map((runOf): PointsRecord => ({ kind: 'points', runId: runOf, key: 'loss', steps: numbers, timestamps: numbers, values: numbers.map((step) => (step % 7 === 0 ? Number.NaN : 1 / (step + 1))) }));
  const files = ids.slice(0, 30).map((id, index) => ({ id, path: index % 2 === 0 ? 'model/weights.bin' : 'note ü%41.txt', bytes: Buffer.alloc(index * 1000, index) }));
  for (const { id, path, bytes } of files) {
    const file = join(home, 'artifacts', 'runs', id, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, bytes);
  }
  const lines = (list: readonly string[]): string => list.map((line) => `${line}\n`).join('');
  writeFileSync(join(home, 'records', 'experiments.ndjson'), lines([writeRecord({ kind: 'experiment', name: 'big', stage: 'active', createdAt: 1, updatedAt: 1, artifactLocation: null, tags: [{ key: 'team', value: 'x' }] })]));
  writeFileSync(join(home, 'records', 'runs.ndjson'), lines(runs.map(writeRecord)));
  writeFileSync(join(home, 'records', 'points.ndjson'), lines(points.map(writeRecord)));
  writeFileSync(join(home, 'records', 'artifacts.ndjson'), lines(files.map(({ id, path, bytes }) => JSON.stringify({ kind: 'artifact', owner: 'run', id, path, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }))));
  const counts = { experiments: 1, runs: RUNS, params: RUNS, tags: 1, metrics: RUNS, points: RUNS * POINTS, artifacts: files.length, artifactBytes: files.reduce((sum, { bytes }) => sum + bytes.length, 0) };
  writeFileSync(join(home, 'manifest.json'), JSON.stringify({ format: 1, program: 'trainyard', version: '0.1.0', exportedAt: '2026-01-01T00:00:00Z', experiments: null, counts }));
  return home;
}

/** Every file below, with its content; the manifest without its time. */
function contents(home: string): Record<string, string> {
  const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(files.map((entry) => [relative(home, join(entry.parentPath, entry.name)), readFileSync(join(entry.parentPath, entry.name), 'latin1').replace(/"exportedAt": "[^"]*"/, '')] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The import has sent some points, and has more to send. */
async function untilPointsAreSent(command: Command): Promise<void> {
  await waitFor('the import sends points', () => {
    if (command.process.exitCode !== null) throw new Error('the import ended before it could be disturbed');
    const state = join(dir, 'state', 'trainyard', 'imports');
    return existsSync(state) && readdirSync(state).some((name) => name.endsWith('.json') && /"phase":"points"/.test(readFileSync(join(state, name), 'utf8')));
  });
}

describe('an import', () => {
  it('that was killed goes on where it stopped, and nothing comes twice', async () => {
    const server = await startServer();
    const home = writeExport();
    const first = trainyard(server, 'import', home);
    await untilPointsAreSent(first);
    first.process.kill('SIGKILL');
    await first.ended;
    const { code, out, err } = await trainyard(server, 'import', home).ended;
    expect([code, out, err]).toEqual([0, expect.stringContaining('everything is here'), expect.stringContaining('going on where an earlier import stopped: points of metrics')]);
    expect(out).toMatch(new RegExp(`points of metrics +${(RUNS * POINTS).toLocaleString('en-US')} +${(RUNS * POINTS).toLocaleString('en-US')} +same`));
    expect(readdirSync(join(dir, 'state', 'trainyard', 'imports'))).toEqual([]);
  });

  it('waits for a server that dies and comes back', async () => {
    const server = await startServer();
    const command = trainyard(server, 'import', writeExport());
    await untilPointsAreSent(command);
    await server.kill();
    await server.start();
    expect(await command.ended).toMatchObject({ code: 0, out: expect.stringContaining('everything is here') as string });
  });
});

describe('an export', () => {
  it('imported into a fresh server and exported again is the same, to the last byte', async () => {
    const first = await startServer();
    expect(await trainyard(first, 'import', writeExport()).ended).toMatchObject({ code: 0 });
    expect(await trainyard(first, 'export', join(dir, 'one')).ended).toMatchObject({ code: 0, out: expect.stringContaining(`everything is in ${join(dir, 'one')}`) as string });
    const second = await startServer();
    expect(await trainyard(second, 'import', join(dir, 'one')).ended).toMatchObject({ code: 0 });
    expect(await trainyard(second, 'export', join(dir, 'two')).ended).toMatchObject({ code: 0 });
    const [one, two] = [contents(join(dir, 'one')), contents(join(dir, 'two'))];
    expect(Object.keys(two)).toEqual(Object.keys(one));
    // names only: the difference of two such texts would fill the screen
    expect(Object.keys(one).filter((name) => two[name] !== one[name])).toEqual([]);
    expect(await trainyard(first, 'export', join(dir, 'one')).ended).toMatchObject({ code: 2, err: expect.stringContaining('holds an export already') as string });
  });
});
