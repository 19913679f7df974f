import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { describe, expect, it } from 'vitest';
import { aProgram } from './an-attempt.int.ts';
import { attemptPaths, isDelivered, readOutcome, readReports } from './attempt-dir.ts';
import { markedProcesses } from './process/process-tree.ts';
import { SmallDisk } from './delivery/small-disk.int.ts';

const TICKS = "let n = 0; const timer = setInterval(() => { console.log('tick ' + n++); if (n === 40) clearInterval(timer) }, 25)";
const ticks = Array.from({ length: 40 }, (_, i) => `tick ${i}\n`).join('');

describe('delivering to a server', () => {
  it('that goes away and comes back loses nothing and doubles nothing', async () => {
    await using attempt = await aProgram(TICKS, { spec: { register: false } });
    const { server } = attempt;
    const runner = attempt.start();
    await waitFor('the training', () => server.log.includes('tick 3\n'));
    await server.stop();
    await waitFor('ticks without a server', async () => (await readFile(attemptPaths(attempt.dir).log, 'utf8')).includes('tick 20\n'));
    await server.start();
    await waitFor('ticks after that', () => server.log.includes('tick 25\n'));
    await server.stop();
    await waitFor('the end of the training', () => readOutcome(attempt.dir));
    await server.start();
    expect(await runner.ended).toBe(0);
    expect(server.log.toString()).toContain(ticks);
    expect(server.log.equals(await readFile(attemptPaths(attempt.dir).log))).toBe(true);
    expect(server.reports).toEqual(await readReports(attempt.dir));
    expect(server.outcome).toMatchObject({ ok: true });
    expect(await isDelivered(attempt.dir)).toBe(true);
    server.assertClean();
  });

  it.each(['drop', 'drop_answer', 503] as const)("that answers every other call with '%s' loses nothing and doubles nothing", async (fault) => {
    await using attempt = await aProgram(`${TICKS}; import('node:fs').then((fs) => fs.appendFileSync(process.env.TRAINYARD_METRICS_FILE, 'loss=1\\n'))`, { spec: { hyperParameters: { alpha: '1' } } });
    const { server } = attempt;
    let calls = 0;
    server.fault = () => (++calls % 2 === 1 ? fault : undefined);
    await attempt.carryOut();
    expect(server.log.toString()).toContain(ticks);
    expect(server.log.equals(await readFile(attemptPaths(attempt.dir).log))).toBe(true);
    expect(server.reports).toEqual(await readReports(attempt.dir));
    expect(server.outcome).toMatchObject({ ok: true });
    expect(server.tracking.params.get('alpha')).toBe('1');
    expect(server.tracking.metrics.length).toBeGreaterThanOrEqual(1);
  });

  it('that is away from the beginning to the end leaves everything on disk', async () => {
    await using attempt = await aProgram("console.log('hello')", { spec: { algorithmSource: { git: { url: 'file:///no/such' } } }, limits: { deliverForMs: 300 } });
    await attempt.server.stop();
    const runner = attempt.start();
    expect(await runner.ended).toBe(0);
    expect(await isDelivered(attempt.dir)).toBe(false);
    expect(await readOutcome(attempt.dir)).toMatchObject({ ok: false, reason: 'bad_spec' });
    expect((await readReports(attempt.dir)).at(-1)).toMatchObject({ kind: 'outcome', outcome: { reason: 'bad_spec' } });
  });

  it('that is away does not keep a training from starting, and learns of it later', async () => {
    await using attempt = await aProgram(TICKS, { spec: { hyperParameters: { alpha: '1' } } });
    const { server } = attempt;
    server.fault = (call) => (call.includes('/mlflow/') ? 'drop' : undefined);
    const runner = attempt.start();
    await waitFor('the training', async () => (await readFile(attemptPaths(attempt.dir).log, 'utf8').catch(() => '')).includes('tick 3\n'));
    expect(server.tracking.params.size).toBe(0);
    server.fault = () => undefined;
    expect(await runner.ended).toBe(0);
    expect(server.tracking.params.get('alpha')).toBe('1');
    expect(server.outcome).toMatchObject({ ok: true });
  });

  it('that has lost part of the log gets it again', async () => {
    await using attempt = await aProgram(TICKS);
    const { server } = attempt;
    const runner = attempt.start();
    await waitFor('the training', () => server.log.includes('tick 5\n'));
    server.forgetLog(10);
    expect(await runner.ended).toBe(0);
    expect(server.log.equals(await readFile(attemptPaths(attempt.dir).log))).toBe(true);
    server.assertClean();
  });

  it('shows a line while the program runs, and beats in between', async () => {
    await using attempt = await aProgram("console.log('one line'); process.stdin.resume(); setTimeout(() => 0, 7000)");
    const runner = attempt.start();
    await waitFor('the line', () => attempt.server.log.includes('one line\n'));
    const reports = attempt.server.calls.filter((call) => call.endsWith('/reports')).length;
    await waitFor('a heartbeat', () => attempt.server.calls.filter((call) => call.endsWith('/reports')).length > reports);
    expect(attempt.server.steps.at(-1)).toBe('train: running');
    runner.signal('SIGTERM');
    await runner.ended;
  });

  it('ends with the runner: one that is killed leaves what it wrote', async () => {
    await using attempt = await aProgram(TICKS.replace('40', '4000'));
    const runner = attempt.start();
    await waitFor('the training', () => attempt.server.log.includes('tick 3\n'));
    runner.signal('SIGKILL');
    expect(await runner.ended).toBe('SIGKILL');
    expect((await readReports(attempt.dir)).at(-1)).toMatchObject({ kind: 'facts' });
    expect(await readOutcome(attempt.dir)).toBeUndefined();
    // the program writes into a pipe without a reader now; the engine finds it by the mark
    for (const pid of markedProcesses(attempt.mark)) process.kill(pid, 'SIGKILL');
  });
});

describe('a full disk', () => {
  it('ends the training with a reason that reaches the server', async ({ skip }) => {
    await using small = await SmallDisk.make();
    if (!small.isMounted) skip();
    await using attempt = await aProgram("const line = 'x'.repeat(9999) + '\\n'; setInterval(() => process.stdout.write(line), 1)", { dir: join(small.dir, 'attempt') });
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'disk_full', step: 'train' });
    expect((attempt.server.outcome as { message: string }).message).toContain('free some space');
    expect(attempt.server.log.equals(await readFile(attemptPaths(attempt.dir).log))).toBe(true);
    expect((await stat(attemptPaths(attempt.dir).log)).size).toBeGreaterThan(500_000);
  });
});
