import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli } from '../test-cli.ts';
import { TestServer } from '../test-server.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-import-command-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const RUN = 'a'.repeat(32);
const ANSWER = { lines: 1, kinds: {}, refused: [], notes: [], here: {}, experiments: [] };

function writeExport(): void {
  mkdirSync(join(dir, 'export', 'records'), { recursive: true });
  const run = { kind: 'run', id: RUN, experiment: 'wine', name: 'x', userId: 'ann', status: 'FINISHED', startTime: 1, stage: 'active', points: 0 };
  writeFileSync(join(dir, 'export', 'records', 'runs.ndjson'), `${JSON.stringify(run)}\n`);
  writeFileSync(join(dir, 'export', 'manifest.json'), JSON.stringify({ format: 1, program: 'trainyard', version: '1', exportedAt: 'then', experiments: null, counts: { runs: 1 } }));
}

describe('import', () => {
  it.each([
    [['mlflow', 'mysql://root:secret@host/db'], "'mysql://host/db' is no place an MLflow can be read from", 'start its server'],
    [['mlflow', 'mssql+pyodbc2://root:se/cr@secret@host/db'], "'mssql+pyodbc2://host/db' is no place", 'start its server'],
    [['mlflow', './mlruns'], "'./mlruns' is no place an MLflow can be read from", 'is read through its server'],
    [['mlflow', 'sqlite:///nowhere.db'], "nowhere.db' cannot be opened", 'sqlite:///relative/mlflow.db'],
    [['nowhere'], "'nowhere' holds no export", 'name the directory that trainyard export wrote'],
    [['mlflaw', 'sqlite:///x'], "'mlflaw' is no kind of source", 'trainyard import mlflow URI'],
    [['nowhere', '--experiments', 'a'], '--experiments goes with mlflow', 'trainyard export DIR --experiments'],
  ])('%j says what is wrong and what to do', async (argv, problem, advice) => {
    const { code, err } = await cli(['import', ...argv], { cwd: dir, home: dir });
    expect([code, err]).toEqual([2, expect.stringContaining(problem)]);
    expect(err).toContain(advice);
    expect(err).not.toContain('secret');
  });

  it.each([
    ['no database at all', (file: string) => writeFileSync(file, 'text'.repeat(100)), 'is no SQLite database'],
    ['a database of something else', (file: string) => void new Sqlite(file).exec('create table t (x)').close(), 'there is no MLflow in'],
  ])('refuses %s', async (_, make, problem) => {
    make(join(dir, 'some.db'));
    const { code, err } = await cli(['import', 'mlflow', 'sqlite:///some.db'], { cwd: dir, home: dir });
    expect([code, err]).toEqual([2, expect.stringContaining(problem)]);
  });

  it('--dry-run says what would come, and asks no server', async () => {
    writeExport();
    const { code, out, err } = await cli(['import', 'export', '--dry-run', '-o', 'json'], { cwd: dir, home: dir });
    expect([code, err]).toEqual([0, expect.stringContaining('export of Trainyard 1')]);
    expect(JSON.parse(out)).toMatchObject({ counts: { runs: 1 } });
  });

  it('ends with 1 and names what the server refused, or does not have', async () => {
    writeExport();
    const counts = { new: 0, updated: 0, there: 0, refused: 0 };
    await using server = await TestServer.start({
      importRecords: ({ query }) => (query['check'] === true ? { ...ANSWER, kinds: { run: { ...counts, new: 1 } } } : { ...ANSWER, kinds: { run: { ...counts, refused: 1 } }, refused: [{ line: 1, record: `run ${RUN}`, text: 'is here with something else: params' }] }),
    });
    const { code, out } = await cli(['import', 'export'], { server, cwd: dir, home: dir });
    expect([code, out]).toEqual([1, expect.stringContaining(`run ${RUN}: is here with something else: params`)]);
    expect(out).toMatch(/runs +1 +0 +differs/);
    expect(out).toContain('not here: 1 record; run the same command again');
  });
});
