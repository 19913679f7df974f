import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { describe, expect, test } from 'vitest';
import { aDirectory, anAttempt, aRunDetail, aTraining } from './test-data.ts';
import { eventStream, refusal, TEST_TOKEN, TestServer } from './test-server.ts';

const BIN = fileURLToPath(new URL('../bin/trainyard.mjs', import.meta.url));
const OLD_NODE = ['--import', "data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '20.1.0' })"];

interface Program {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** The real program as a process of its own. */
function program(argv: readonly string[], { server, node = [], bin = BIN, home = '/nonexistent' }: { server?: TestServer; node?: readonly string[]; bin?: string; home?: string } = {}): Program {
  const known = server === undefined ? {} : { TRAINYARD_URL: server.url, TRAINYARD_TOKEN: TEST_TOKEN };
  const child = spawn(process.execPath, [...node, bin, ...argv], { env: { PATH: process.env['PATH'], HOME: home, XDG_CACHE_HOME: path.join(home, 'cache'), ...known }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += String(chunk)));
  child.stderr.on('data', (chunk: Buffer) => (err += String(chunk)));
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
  return { child, ended, out: () => out, err: () => err };
}

/** The same behind a reader that has gone before the first line. */
function unread(argv: readonly string[], server: TestServer): Program {
  const started = program(argv, { server });
  started.child.stdout?.destroy();
  return started;
}

/** A run that goes on for ever and says `tick`. */
async function anEndlessRun(): Promise<TestServer> {
  const run = aRunDetail({ state: 'running', step: 'train', attempts: [anAttempt({ state: 'active' })] });
  return await TestServer.start({
    getRun: () => run,
    retryRun: () => run,
    runEvents: () => (response) => void eventStream(response),
    runLog: () => (response) => {
      const ticking = setInterval(() => response.write('tick\n'.repeat(1000)), 5);
      response.on('close', () => clearInterval(ticking));
    },
  });
}

describe('the program', () => {
  test('sends what belongs to the server there, and its help nowhere', async () => {
    const help = program(['up', '--help']);
    expect([(await help.ended).code, help.out()]).toEqual([0, expect.stringMatching(/^Usage: trainyard up/)]);
    const refused = program(['up', '--no-such-flag']);
    expect([(await refused.ended).code, refused.out()]).toEqual([2, '']);
    expect(refused.err()).toMatch(/^error: [^\n]*no-such-flag/);
  });

  test('on an old Node in a clone: goes on with the newer one that lies there', async () => {
    const { ended, out } = program(['version'], { node: OLD_NODE });
    expect([(await ended).code, out()]).toEqual([0, expect.stringMatching(/^trainyard [\d.]+ \(Node 2[4-9]/)]);
  });

  test('on an old Node elsewhere: a sentence, no stack', async () => {
    using dir = aDirectory();
    cpSync(path.dirname(BIN), path.join(dir.path, 'bin'), { recursive: true });
    const { ended, err } = program(['version'], { node: OLD_NODE, bin: path.join(dir.path, 'bin/trainyard.mjs') });
    expect((await ended).code).toBe(1);
    expect(err()).toMatch(/^error: trainyard needs Node 24 or newer, this is Node 20\.1\.0 \([^\n]*\)\n {2}hint: [^\n]*\n$/);
  });

  test('Ctrl-C while it waits: the exit code of an interruption, and a way back', async () => {
    await using server = await anEndlessRun();
    const { child, ended, out, err } = program(['retry', '7'], { server });
    await waitFor('the log is shown', () => out().includes('tick'));
    child.kill('SIGINT');
    expect(await ended).toEqual({ code: 130, signal: null });
    expect(err()).toContain('trainyard logs -f 7');
  });

  test('a reader that has gone ends it without a word', async () => {
    await using server = await anEndlessRun();
    const { child, ended, out, err } = program(['logs', '-f', '7'], { server });
    await waitFor('the log is shown', () => out().includes('tick'));
    child.stdout?.destroy();
    expect([await ended, err()]).toEqual([{ code: 0, signal: null }, '']);
  });

  test('what is to change something changes it though nobody reads, and waits for no run', async () => {
    using dir = aDirectory({ 'all.yaml': 'kind: ModelTraining\nid: wine\nspec: {model: {name: wine, version: 1}, toolchain: command, args: [true], vcsName: repo}\n' });
    await using server = await anEndlessRun();
    let number = 0;
    const started = () => aTraining({ status: { state: 'running', runNumber: ++number } });
    server.on('getTraining', () => refusal('TRAINING_NOT_FOUND', { id: 'wine' })).on('createTraining', started);
    const run = unread(['train', 'run', path.join(dir.path, 'all.yaml')], server);
    expect([await run.ended, number, run.err()]).toEqual([{ code: 130, signal: null }, 1, expect.stringMatching(/goes on without this command[^]*trainyard logs -f [0-9a-f]{32}\n/)]);
    expect([await unread(['apply', '--yes', '-f', path.join(dir.path, 'all.yaml')], server).ended, number]).toEqual([{ code: 0, signal: null }, 2]);
  });

  test('compiled code is kept where only this user writes', async () => {
    using home = aDirectory();
    await program(['version'], { home: home.path }).ended;
    const { readdirSync } = await import('node:fs');
    expect(readdirSync(path.join(home.path, 'cache/trainyard'))).toEqual(['compiled']);
  });
});
