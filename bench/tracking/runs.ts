import type { BenchServer } from '../mlflow/two-servers.ts';

const API = '/api/2.0/mlflow';

/** Makes an experiment with so many runs; answers their ids. */
export async function makeRuns({ clients }: BenchServer, count: number): Promise<string[]> {
  const { experiment_id: experiment } = JSON.parse(await clients.call({ method: 'POST', path: `${API}/experiments/create`, body: JSON.stringify({ name: `bench-${Date.now()}` }) })) as { experiment_id: string };
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const { run } = JSON.parse(await clients.call({ method: 'POST', path: `${API}/runs/create`, body: JSON.stringify({ experiment_id: experiment, start_time: Date.now() }) })) as { run: { info: { run_id: string } } };
    ids.push(run.info.run_id);
  }
  return ids;
}

/** 1,000 metrics of a training: so many names, each with the steps that are next. */
export function batch(runId: string, call: number, names: number): string {
  const steps = 1000 / names;
  const timestamp = 1_763_700_000_000 + call * 1000;
  const metrics = Array.from({ length: 1000 }, (_, i) => ({ key: `metric/${i % names}`, value: Math.sin(call + i) * 100, timestamp: timestamp + i, step: call * steps + Math.floor(i / names) }));
  return JSON.stringify({ run_id: runId, metrics });
}

export function metric(runId: string, call: number): string {
  return JSON.stringify({ run_id: runId, key: 'loss', value: 1 / (call + 1), timestamp: 1_763_700_000_000 + call, step: call });
}

export const LOG_BATCH = `${API}/runs/log-batch`;
export const LOG_METRIC = `${API}/runs/log-metric`;
export const CREATE_RUN = `${API}/runs/create`;
