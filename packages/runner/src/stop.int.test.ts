import { waitFor } from '@trainyard/testkit/wait-for.ts';
import { describe, expect, it } from 'vitest';
import { aProgram, anAttempt } from './an-attempt.int.ts';
import { readOutcome } from './attempt-dir.ts';
import { markedProcesses } from './process/process-tree.ts';

const GRACEFUL = "process.on('SIGTERM', () => { console.log('saved'); process.exit(9) }); console.log('ready'); setInterval(() => 0, 1000)";
const STUBBORN = "process.on('SIGTERM', () => console.log('no')); console.log('ready'); setInterval(() => 0, 1000)";
const grace = (text: string): Record<string, unknown> => ({ timeout: { grace: text } });

describe('stopping an attempt', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('is asked for with %s', async (signal) => {
    await using attempt = await aProgram(GRACEFUL);
    const runner = attempt.start();
    await waitFor('the training', () => attempt.server.log.includes('ready'));
    runner.signal(signal);
    expect(await runner.ended).toBe(0);
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'cancelled', step: 'train', exitCode: 9, message: `stopped by ${signal}` });
    expect(attempt.server.log.toString()).toContain('saved');
    expect(attempt.server.steps.at(-1)).toBe('train: failed');
    attempt.server.assertClean();
  });

  it('is asked for by the server, in an answer', async () => {
    // what it measures is no metric, and each warning of that is a report with an answer
    const text = `import { appendFileSync } from 'node:fs'; setInterval(() => appendFileSync(process.env.TRAINYARD_METRICS_FILE, 'no metric\\n'), 100); ${GRACEFUL}`;
    await using attempt = await aProgram(text);
    const runner = attempt.start();
    await waitFor('the training', () => attempt.server.log.includes('ready'));
    attempt.server.stopRequested = true;
    expect(await runner.ended).toBe(0);
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'cancelled', exitCode: 9 });
  });

  it('does not wait for a program that refuses, nor for its daemon', async () => {
    const text = `import { spawn } from 'node:child_process'; spawn('setsid', ['sh', '-c', 'trap "" TERM; while :; do sleep 0.05; done'], { detached: true, stdio: 'ignore' }).unref(); ${STUBBORN}`;
    await using attempt = await aProgram(text, { spec: grace('300ms') });
    const runner = attempt.start();
    await waitFor('the training', () => attempt.server.log.includes('ready'));
    expect(markedProcesses(attempt.mark).length).toBeGreaterThanOrEqual(3);
    runner.signal('SIGTERM');
    expect(await runner.ended).toBe(0);
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'cancelled', signal: 'SIGKILL' });
    expect(attempt.server.log.toString()).toContain('no\n');
    expect(markedProcesses(attempt.mark)).toEqual([]);
  });

  it('leaves nothing behind when the training ends by itself', async () => {
    const text = "import { spawn } from 'node:child_process'; for (const a of ['sleep', 'setsid']) spawn(a, a === 'sleep' ? ['1000'] : ['sleep', '1000'], { stdio: 'ignore' }).unref()";
    await using attempt = await aProgram(text, { spec: grace('200ms') });
    await attempt.carryOut();
    expect(attempt.server.outcome).toMatchObject({ ok: true });
    expect(markedProcesses(attempt.mark)).toEqual([]);
  });

  it('ends at once, without a word, what is over for the server', async () => {
    await using attempt = await aProgram(`setInterval(() => console.log('tick'), 100); ${STUBBORN}`, { spec: grace('1h') });
    const runner = attempt.start();
    await waitFor('the training', () => attempt.server.log.includes('ready'));
    attempt.server.over = true;
    expect(await runner.ended).toBe(0);
    expect(markedProcesses(attempt.mark)).toEqual([]);
    const calls = attempt.server.calls.length;
    expect(attempt.server.outcome).toBeUndefined();
    expect(await readOutcome(attempt.dir)).toMatchObject({ ok: false, reason: 'cancelled', signal: 'SIGKILL' });
    expect(attempt.server.calls.length).toBe(calls);
  });

  it('works before the training has begun', async () => {
    await using attempt = await anAttempt({ spec: { args: ['true'] } });
    attempt.server.fault = (call) => (call.includes('/snapshots/') ? 503 : undefined);
    const runner = attempt.start();
    await waitFor('a try', () => attempt.server.calls.some((call) => call.includes('/snapshots/')));
    runner.signal('SIGTERM');
    expect(await runner.ended).toBe(0);
    expect(attempt.server.outcome).toMatchObject({ ok: false, reason: 'cancelled', step: 'source' });
  });

  it('does not wait for a server that is away when it is told twice', async () => {
    await using attempt = await aProgram(GRACEFUL, { limits: { deliverForMs: 3_600_000 } });
    const runner = attempt.start();
    await waitFor('the training', () => attempt.server.log.includes('ready'));
    await attempt.server.stop();
    runner.signal('SIGTERM');
    await waitFor('the outcome', () => readOutcome(attempt.dir));
    runner.signal('SIGTERM');
    expect(await runner.ended).toBe(0);
    expect(await readOutcome(attempt.dir)).toMatchObject({ reason: 'cancelled', exitCode: 9 });
  });

  it('does not come from the end of a terminal', async () => {
    await using attempt = await aProgram("console.log('ready'); setTimeout(() => 0, 500)");
    const runner = attempt.start();
    await waitFor('the training', () => attempt.server.log.includes('ready'));
    runner.signal('SIGHUP');
    expect(await runner.ended).toBe(0);
    expect(attempt.server.outcome).toMatchObject({ ok: true });
  });
});
