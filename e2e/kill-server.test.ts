import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunDetail } from '@trainyard/api/schemas/run.ts';
import { STEPS } from '@trainyard/core/training/states.ts';
import { markedPids, runnerPid } from './processes.ts';
import { ServerProcess, waitFor } from './server-process.ts';
import { uploadSource } from './source.ts';

let server: ServerProcess;
beforeEach(async () => {
  server = new ServerProcess();
  await server.start();
});
afterEach(async (context) => server.dispose(context.task.result?.state === 'fail'));

/** Some seconds of work in which every step takes long enough to be hit; awk and sh, so nothing has to be installed. */
const PROGRAM = `
for i in 1 2 3 4 5 6 7 8 9 10; do
  echo "line $i of the training"
  echo "loss=0.$((100 - i)) step=$i" >> "$TRAINYARD_METRICS_FILE"
  sleep 0.2
done
head -c 3000000 /dev/urandom > "$TRAINYARD_OUTPUT_DIR/weights.bin"
`;

async function submit(id: string, changes: Record<string, unknown> = {}): Promise<string> {
  const digest = await uploadSource(server.client, { 'train.sh': PROGRAM });
  const spec = { model: { name: id, version: '1' }, toolchain: 'command', args: ['sh', 'train.sh'], algorithmSource: { snapshot: { digest } }, register: true, ...changes };
  const training = await server.client.call('createTraining', { body: { id, spec } });
  return training.status.runId ?? '';
}

/** Resolves as soon as the step has begun (or the run is over, when it was faster than we can look). */
async function reached(run: string, step: string): Promise<void> {
  await waitFor(`step ${step}`, async () => {
    const detail = await server.client.call('getRun', { params: { id: run } });
    return detail.endedAt !== undefined || detail.attempts.some((attempt) => attempt.steps.some((one) => one.name === step));
  });
}

function expectWhole(detail: RunDetail, log: string): void {
  expect(detail).toMatchObject({ state: 'succeeded', attempt: 1, model: { version: '1' } });
  expect(detail.attempts).toHaveLength(1);
  for (const name of ['source', 'environment', 'train', 'package', 'publish']) expect(detail.attempts[0]?.steps.find((step) => step.name === name)?.state).toBe('succeeded');
  expect(log.match(/^line \d+ of the training$/gm)).toEqual(Array.from({ length: 10 }, (_, i) => `line ${i + 1} of the training`));
  expect(detail.metrics['loss']).toBe(0.9);
}

describe('a server that is killed (-9)', () => {
  it.each(STEPS.filter((step) => step !== 'data'))('in the step %s finds the run finished correctly afterwards', async (step) => {
    const run = await submit('killed');
    await reached(run, step);
    await server.kill();
    await server.start();
    expectWhole(await server.ended(run), await server.log(run));
  });

  it('right behind the answer to a submit has lost nothing', async () => {
    const run = await submit('at-once');
    await server.kill();
    await server.start();
    expectWhole(await server.ended(run), await server.log(run));
  });

  it('and stays away until the training is over still gets its end, its log and its model', async () => {
    const run = await submit('away');
    await reached(run, 'train');
    await server.kill();
    const runner = runnerPid(server.dataDir, `${run}-1`);
    // the runner itself stays: it has a model to publish, and nobody to give it to yet
    await waitFor('the training is over', () => existsSync(join(server.dataDir, 'attempts', `${run}-1`, 'output', 'weights.bin')) && markedPids(`${run}-1`).every((pid) => pid === runner));
    await server.start();
    expectWhole(await server.ended(run), await server.log(run));
  });

  it('stops a run afterwards that it was asked to stop before', async () => {
    const run = await submit('stopped', { args: ['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'], timeout: { grace: '1s' } });
    await reached(run, 'train');
    await server.client.call('stopRun', { params: { id: run } });
    await server.kill();
    await server.start();
    expect(await server.ended(run)).toMatchObject({ state: 'stopped', reason: 'cancelled' });
  });
});

describe('a runner that is killed (-9)', () => {
  it('is noticed, nothing of it is left, and the run is tried again', async () => {
    const run = await submit('runner', { args: ['sh', '-c', 'setsid sleep 1000 & sleep 1000'], retry: { backoff: '100ms', maxAttempts: 2 } });
    for (const attempt of [1, 2]) {
      await waitFor(`attempt ${attempt} runs`, async () => (await server.client.call('getRun', { params: { id: run } })).attempts[attempt - 1]?.steps.some((step) => step.name === 'train') ?? false);
      await waitFor('its processes are there', () => markedPids(`${run}-${attempt}`).length > 1);
      process.kill(runnerPid(server.dataDir, `${run}-${attempt}`), 'SIGKILL');
      await waitFor('nothing of the attempt is left', () => markedPids(`${run}-${attempt}`).length === 0);
    }
    expect(await server.ended(run)).toMatchObject({ state: 'failed', reason: 'host_lost', attempt: 2 });
  });
});
