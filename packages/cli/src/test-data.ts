import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Attempt, Run, RunDetail, Step } from '@trainyard/api/schemas/run.ts';
import type { Training } from '@trainyard/api/schemas/training.ts';

export const RUN_ID = '0123456789abcdef0123456789abcdef';
const AT = '2026-01-02T03:04:05.000Z';

export function aRun(fields: Partial<Run> = {}): Run {
  return { id: RUN_ID, number: 7, training: 'wine', project: 'default', engine: 'local', state: 'succeeded', attempt: 1, priority: 0, queuedAt: AT, startedAt: AT, stopRequested: false, warnings: [], experimentId: '1', ...fields };
}

export function aStep(fields: Partial<Step> = {}): Step {
  return { name: 'train', state: 'succeeded', startedAt: AT, endedAt: '2026-01-02T03:04:07.500Z', ...fields };
}

export function anAttempt(fields: Partial<Attempt> = {}): Attempt {
  return { number: 1, state: 'succeeded', engine: 'local', startedAt: AT, steps: [aStep()], logBytes: 0, ...fields };
}

export function aRunDetail(fields: Partial<RunDetail> = {}): RunDetail {
  return { ...aRun(), spec: {}, attempts: [anAttempt()], params: {}, metrics: {}, ...fields };
}

export function aTraining(fields: Partial<Omit<Training, 'status'>> & { status?: Partial<Training['status']> } = {}): Training {
  const status: Training['status'] = { ...({ state: 'succeeded', runs: 1, artifacts: [], runId: RUN_ID, runNumber: 7 } as const), ...fields.status };
  return { kind: 'ModelTraining', id: 'wine', createdAt: AT, updatedAt: AT, spec: { model: { name: 'wine', version: '1.0' }, toolchain: 'mlflow' }, ...fields, status };
}

/** A directory of its own for a test, with these files; removed by `using`. Names that end in `/` are directories. */
export function aDirectory(files: Readonly<Record<string, string | Buffer>> = {}): { readonly path: string; [Symbol.dispose](): void } {
  const dir = mkdtempSync(path.join(tmpdir(), 'trainyard-cli-'));
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(dir, name);
    mkdirSync(name.endsWith('/') ? file : path.dirname(file), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(file, content);
  }
  return { path: dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}
