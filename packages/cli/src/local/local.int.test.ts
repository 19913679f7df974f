import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Interruption } from '../io.ts';
import { runCli } from '../main.ts';
import { cli, testIo } from '../test-cli.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/trainyard.mjs');

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'trainyard-local-test-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

const setting = (home: string) => ({ cwd: dir, home, program: PROGRAM, env: { PATH: process.env['PATH'], HOME: home, TRAINYARD_URL: 'http://127.0.0.1:9', TRAINYARD_TOKEN: 'of another server' } });

async function states(home: string): Promise<string[]> {
  const { out } = await cli(['local', 'runs', '-o', 'json'], setting(home));
  return (JSON.parse(out) as { items: { state: string }[] }).items.map(({ state }) => state);
}

describe('trainyard local', () => {
  it('trains without a server, keeps what came out, and leaves no server behind', async () => {
    const home = join(dir, 'ann');
    mkdirSync(join(dir, 'code'), { recursive: true });
    writeFileSync(join(dir, 'code', 'train.sh'), 'echo "trained with $COLOUR"; echo model > "$TRAINYARD_OUTPUT_DIR/model.txt"\n');
    const trained = await cli(['local', 'train', 'run', 'code', '--name', 'trees', '--env', 'COLOUR=green', '--', 'sh', 'train.sh'], setting(home));
    expect(trained).toMatchObject({ code: 0, err: '' });
    expect(trained.out).toContain('trained with green');
    expect(trained.out).toContain('trainyard local run 1');
    // two servers on one directory refuse each other: the first is gone
    expect(await states(home)).toEqual(['succeeded']);
  });

  it('takes the settings that are good for any server', async () => {
    const home = join(dir, 'kim');
    mkdirSync(join(dir, 'wines'));
    writeFileSync(join(dir, 'wines', 'in.csv'), 'data');
    writeFileSync(join(dir, 'wines.yaml'), `kind: Connection\nid: wines\nspec: { type: local, uri: ${join(dir, 'wines')} }\n`);
    const { env, ...rest } = setting(home);
    const allowed = { ...rest, env: { ...env, TRAINYARD_LOCAL_ROOTS: dir, DATABRICKS_TYPE_MAPPING: 'of another server' } };
    expect(await cli(['local', 'apply', '-f', 'wines.yaml', '--yes'], allowed)).toMatchObject({ code: 0 });
    expect(await cli(['local', 'connection', 'check', 'wines'], allowed)).toMatchObject({ code: 0 });
  });

  it('ends with the code of the program', async () => {
    expect((await cli(['local', 'train', 'run', 'code', '--name', 'wrong', '--', 'sh', '-c', 'exit 7'], setting(join(dir, 'bob')))).code).toBe(7);
  });

  it('stops the run when it is interrupted', async () => {
    const interrupt = new AbortController();
    const home = join(dir, 'eve');
    const { io, written } = testIo({ ...setting(home), interrupted: interrupt.signal });
    const done = runCli(['local', 'train', 'run', 'code', '--name', 'long', '--', 'sh', '-c', 'echo begun; sleep 600'], io);
    await waitFor('the program has begun', () => written().out.includes('│ begun') || written().out.includes('begun\n'));
    // one at a time: the first to end would end the server under the other
    const second = await cli(['local', 'status'], setting(home));
    expect(second).toMatchObject({ code: 1, err: expect.stringMatching(/another server .* uses the data directory[^]*TRAINYARD_DATA_DIR=/) as string });
    expect(await cli(['runs', '-o', 'json'], { ...setting(home), env: { TRAINYARD_DATA_DIR: join(home, '.trainyard', 'local') } })).toMatchObject({ code: 0, err: '' });
    interrupt.abort(new Interruption('ctrl_c'));
    expect(await done).toBe(130);
    expect(await states(home)).toEqual(['stopped']);
  });

  it.each([['up'], ['local', 'status'], ['db', 'check']])('refuses %j', async (...words) => {
    const { code, err } = await cli(['local', ...words], setting(join(dir, 'nobody')));
    expect(code).toBe(2);
    expect(err).toContain('is no command');
  });

  it('says why its server did not start', async () => {
    writeFileSync(join(dir, 'a-file'), '');
    const { code, err } = await cli(['local', 'status'], { ...setting(dir), env: { ...setting(dir).env, TRAINYARD_LOCAL_DIR: join(dir, 'a-file', 'below') } });
    expect(code).toBe(1);
    expect(err).toContain('did not start');
    expect(err).toContain('TRAINYARD_LOCAL_DIR');
  });
});
