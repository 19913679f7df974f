import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AttemptFixtureOptions } from '@trainyard/testkit/attempt-fixture.ts';
import { startRunner } from '@trainyard/testkit/runner-process.ts';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { describe, expect, it } from 'vitest';
import { anAttempt, aProgram } from './an-attempt.int.ts';
import { attemptPaths, isDelivered, readAcknowledged, readClaim, readOutcome, readReports, writeOrder } from './attempt-dir.ts';

const NODE = process.execPath;

describe('an attempt that goes well', () => {
  it('reports every step in order, its log and its outcome', async () => {
    await using attempt = await aProgram("console.log('epoch 1'); console.error('note');");
    await attempt.carryOut();
    const { server, dir } = attempt;
    expect(server.steps).toEqual([
      ...['source: running', 'source: succeeded', 'data: running', 'data: skipped', 'environment: running', 'environment: succeeded'],
      ...['train: running', 'train: succeeded', 'package: running', 'package: skipped', 'publish: running', 'publish: skipped'],
    ]);
    expect(server.outcome).toMatchObject({ ok: true });
    expect(server.log.toString()).toContain('epoch 1\n');
    expect(server.log.toString()).toContain('note\n');
    expect(await readOutcome(dir)).toEqual(server.outcome);
    expect(await readReports(dir)).toEqual(server.reports);
    expect(await readFile(attemptPaths(dir).log)).toEqual(server.log);
    expect(await isDelivered(dir)).toBe(true);
    expect(await readAcknowledged(dir)).toEqual({ seq: server.reports.length, logByte: server.log.length });
  });

  it('removes the order, which holds the secrets, and keeps it private until then', async () => {
    await using attempt = await aProgram('');
    const { order } = attemptPaths(attempt.dir);
    expect((await stat(order)).mode & 0o777).toBe(0o600);
    await attempt.carryOut();
    await expect(stat(order)).rejects.toThrow('ENOENT');
  });

  it('gives the program its run, its parameters and nothing of the machine that is not allowed', async () => {
    await using attempt = await aProgram('import { readFileSync } from "node:fs"; console.log(JSON.stringify(process.env)); console.log(process.argv.slice(2).join("|")); console.log("params", readFileSync(process.env.TRAINYARD_PARAMS_FILE, "utf8").trim())', {
      secrets: { API_KEY: 'hunter2hunter2' },
      spec: { args: [NODE, 'train.mjs', '--alpha={alpha}', '{free text}', '{print}'], hyperParameters: { alpha: '0.5', 'free text': 'a b; $(rm) "c"' }, envs: [{ name: 'MODE', value: 'fast' }] },
    });
    const runner = attempt.start({ AWS_SECRET_ACCESS_KEY: 'of the server', HTTPS_PROXY: 'http://127.0.0.1:3128', MLFLOW_ENABLE_ASYNC_LOGGING: 'true' });
    expect(await runner.ended).toBe(0);
    const lines = attempt.server.log.toString().split('\n');
    expect(lines).toContain('--alpha=0.5|a b; $(rm) "c"|{print}');
    const seen = JSON.parse(lines.find((line) => line.startsWith('{')) ?? '{}') as Record<string, string>;
    const { order } = attempt;
    expect(seen).toMatchObject({
      ...{ MLFLOW_TRACKING_URI: order.server, MLFLOW_RUN_ID: order.run, MLFLOW_EXPERIMENT_ID: '1', MLFLOW_TRACKING_TOKEN: '*****', API_KEY: '*****' },
      ...{ TRAINYARD_RUN_ID: order.run, TRAINYARD_RUN_NUMBER: '7', TRAINYARD_ATTEMPT: attempt.mark, TRAINYARD_PARAM_ALPHA: '0.5', TRAINYARD_PARAM_FREE_TEXT: 'a b; $(rm) "c"' },
      ...{ MODE: 'fast', PYTHONUNBUFFERED: '1', HTTPS_PROXY: 'http://127.0.0.1:3128', TMPDIR: join(attempt.dir, 'scratch'), TRAINYARD_OUTPUT_DIR: join(attempt.dir, 'output') },
    });
    expect(Object.keys(seen).filter((name) => /AWS|ASYNC|COMPILE/.test(name))).toEqual([]);
    expect(JSON.parse(/^params (.*)$/m.exec(lines.join('\n'))?.[1] ?? '')).toEqual(order.spec.hyperParameters);
  });

  it('notes parameters, tags and the metrics of the file', async () => {
    const text = `
      import { appendFileSync } from 'node:fs';
      const file = process.env.TRAINYARD_METRICS_FILE;
      appendFileSync(file, 'loss=0.5 step=1\\n{"key":"loss","value":0.25,"step":2}\\nwhat is this\\n{"key":"grad","value":NaN}\\nacc');
      appendFileSync(file, 'uracy=0.9');`;
    await using attempt = await aProgram(text, { spec: { hyperParameters: { alpha: '0.5' } } });
    await attempt.carryOut();
    const { tracking, warnings } = attempt.server;
    expect(Object.fromEntries(tracking.params)).toEqual({ alpha: '0.5' });
    expect(tracking.tags.get('mlflow.source.type')).toBe('PROJECT');
    expect(tracking.metrics.map(({ key, value, step }) => [key, value, step])).toEqual([['loss', 0.5, 1], ['loss', 0.25, 2], ['grad', 'NaN', 0], ['accuracy', 0.9, 0]]);
    expect(warnings).toEqual(['line 3 of the metrics file is left out: it is neither JSON nor key=value']);
  });
});

describe('an attempt that goes badly', () => {
  it('carries the exit code and the last lines', async () => {
    await using attempt = await aProgram("for (let i = 0; i < 100; i++) console.log('line ' + i); process.exit(3)");
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'exit_code', step: 'train', exitCode: 3 });
    const lines = (attempt.server.outcome as { lastLines: string }).lastLines.split('\n');
    expect(lines).toHaveLength(50);
    expect(lines.at(-1)).toBe('line 99');
    expect(attempt.server.steps.at(-1)).toBe('train: failed');
  });

  it('tells a signal from an exit code', async () => {
    await using attempt = await aProgram("process.kill(process.pid, 'SIGKILL'); setInterval(() => 0, 1000)");
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'signal', signal: 'SIGKILL', step: 'train' });
    expect(attempt.server.outcome).not.toHaveProperty('exitCode');
  });

  const wrong: [string, Partial<AttemptFixtureOptions>, string, string][] = [
    ['a program that is not there', { files: {}, spec: { args: ['no-such-program'] } }, 'train', "the program 'no-such-program' is not there"],
    ['a script that is not there', { files: { 'train.sh': '' }, spec: { args: ['./tran.sh'] } }, 'environment', "did you mean 'train.sh'?"],
    ['a script that may not be executed', { files: { 'train.sh': '' }, spec: { args: ['./train.sh'] } }, 'train', 'chmod +x'],
    ['a directory that is not there', { files: { 'model/a': '' }, spec: { args: ['true'], workDir: 'modl' } }, 'environment', "did you mean 'model'?"],
    ['a file for a directory', { entries: [{ path: 'a', content: '' }], spec: { args: ['true'], workDir: 'a' } }, 'environment', "there is no directory 'a'"],
    ['a directory outside', { files: {}, spec: { args: ['true'], workDir: '..' } }, 'environment', "workDir '..' lies outside of the source"],
    ['a link that leads out', { entries: [{ path: 'key', type: 'symlink', target: '../../../etc/passwd' }], spec: { args: ['true'] } }, 'source', "'key' leads out of it"],
    ['an upload the server does not have', { spec: { args: ['true'], algorithmSource: { snapshot: { digest: '0'.repeat(64) } } } }, 'source', 'there is no uploaded source'],
    ['a repository that is not there', { spec: { args: ['true'], algorithmSource: { git: { url: 'file:///no/such/repository' } } } }, 'source', 'check the URL'],
  ];
  it.each(wrong)('names %s', async (_, options, step, words) => {
    await using attempt = await anAttempt(options);
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'bad_spec', step });
    expect((attempt.server.outcome as { message: string }).message).toContain(words);
    expect(await readOutcome(attempt.dir)).toEqual(attempt.server.outcome);
  });

  it('says so when the order is missing', async () => {
    await using attempt = await aProgram('');
    await rm(attemptPaths(attempt.dir).order);
    expect(await attempt.start().ended).toBe(0);
    expect(await readOutcome(attempt.dir)).toMatchObject({ ok: false, reason: 'could_not_start' });
    expect(attempt.server.calls).toEqual([]);
  });
});

describe('an attempt that cannot begin', () => {
  it('was begun by a runner that was lost with its machine, which also lost the claim', async () => {
    await using attempt = await aProgram('');
    await writeFile(attemptPaths(attempt.dir).reports, '');
    expect(await attempt.start().ended).toBe(0);
    expect(await readOutcome(attempt.dir)).toMatchObject({ ok: false, reason: 'host_lost' });
  });

  it('has a directory that cannot be used', async () => {
    await using attempt = await aProgram('');
    await writeFile(attemptPaths(attempt.dir).scratch, 'a file');
    expect(await attempt.start().ended).toBe(0);
    expect(await readOutcome(attempt.dir)).toMatchObject({ ok: false, reason: 'could_not_start' });
  });

  it('is not given one', async () => {
    await using attempt = await aProgram('');
    const runner = startRunner({ main: new URL('./main.ts', import.meta.url), mark: attempt.mark, arguments: [] });
    expect(await runner.ended).toBe(64);
    expect(runner.stderr).toContain('usage');
  });
});

describe('one execution', () => {
  it('starts once, however many runners are started', async () => {
    const text = "import { appendFileSync, existsSync } from 'node:fs'; const out = process.env.MARKS_DIR; appendFileSync(out + '/starts', 'x'); setInterval(() => existsSync(out + '/end') && process.exit(), 20)";
    const marks = mkdtempSync(join(tmpdir(), 'trainyard-marks-'));
    await using attempt = await aProgram(text, { spec: { register: false, envs: [{ name: 'MARKS_DIR', value: marks }] } });
    const runners = [attempt.start(), attempt.start(), attempt.start()];
    const exits: unknown[] = [];
    for (const { ended } of runners) void ended.then((code) => exits.push(code));
    await waitFor('two of them to find the third', () => exits.length === 2);
    await writeFile(join(marks, 'end'), '');
    await Promise.all(runners.map(({ ended }) => ended));
    expect(exits).toEqual([0, 0, 0]);
    // and once more, as an engine does that has lost its memory
    await writeOrder(attempt.dir, attempt.order);
    expect(await attempt.start().ended).toBe(0);
    expect(await readFile(join(marks, 'starts'), 'utf8')).toBe('x');
    rmSync(marks, { recursive: true });
    expect(runners.map(({ pid }) => pid)).toContain((await readClaim(attempt.dir))?.pid);
    await expect(stat(attemptPaths(attempt.dir).order)).rejects.toThrow('ENOENT');
    expect(attempt.server.outcome).toMatchObject({ ok: true });
  });

  it('leaves nothing of source and output when it is over: a full disk is often full of that', async () => {
    await using attempt = await aProgram('console.log(1)', { spec: { register: false } });
    await attempt.carryOut();
    for (const name of ['workspace', 'scratch', 'output']) await expect(stat(join(attempt.dir, name))).rejects.toThrow('ENOENT');
  });
});
