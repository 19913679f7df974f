import { REASON_NAMES } from '@trainyard/core/training/reason.ts';
import { RUN_STATES, STEPS, STEP_STATES } from '@trainyard/core/training/states.ts';
import { z } from 'zod';

const time = z.string().describe('RFC 3339, UTC, milliseconds');

const failure = {
  reason: z.enum(REASON_NAMES).optional(),
  message: z.string().optional(),
  exitCode: z.int().optional(),
  signal: z.string().optional(),
  lastLines: z.string().optional().describe('The last lines of the log of a failed attempt'),
};

export const Step = z.object({
  name: z.enum(STEPS),
  state: z.enum(STEP_STATES),
  startedAt: time,
  endedAt: time.optional(),
  message: z.string().optional(),
  exitCode: z.int().optional(),
});
export type Step = z.output<typeof Step>;

export const Attempt = z.object({
  number: z.int(),
  state: z.enum(['active', 'succeeded', 'failed', 'stopped']),
  engine: z.string(),
  startedAt: time,
  endedAt: time.optional(),
  step: z.enum(STEPS).optional().describe('The step it is in, or ended in'),
  ...failure,
  steps: z.array(Step),
  logBytes: z.int(),
});
export type Attempt = z.output<typeof Attempt>;

export const Run = z.object({
  id: z.string().describe('32 hex digits; the MLflow run has the same'),
  number: z.int(),
  training: z.string(),
  project: z.string(),
  engine: z.string(),
  state: z.enum(RUN_STATES),
  step: z.enum(STEPS).optional(),
  attempt: z.int().describe('Number of the current or last attempt; 0 before the first'),
  priority: z.int(),
  queuedAt: time,
  nextAttemptAt: time.optional().describe('When a run that waits for another attempt may start'),
  startedAt: time.optional(),
  endedAt: time.optional(),
  stopRequested: z.boolean(),
  ...failure,
  warnings: z.array(z.string()),
  experimentId: z.string(),
  commit: z.string().optional(),
  sourceDigest: z.string().optional(),
  data: z.array(z.object({ connection: z.string(), localPath: z.string(), files: z.int(), sizeBytes: z.int(), version: z.string().describe('Names exactly these files: sha256 over their paths and contents') })).optional().describe('What its data bindings brought'),
  environment: z.string().optional(),
  python: z.string().optional(),
  command: z.string().optional(),
  artifact: z.object({ name: z.string(), path: z.string(), sizeBytes: z.int(), sha256: z.string() }).optional(),
  model: z.object({ name: z.string(), version: z.string() }).optional(),
  externalId: z.string().optional().describe("What the engine calls the last attempt: the id of Databricks' run"),
  url: z.string().optional().describe("The engine's own page about the last attempt"),
  result: z.string().optional().describe('What a notebook gave back at its end; cut when it is long, then the log has it whole'),
});
export type Run = z.output<typeof Run>;

export const RunDetail = Run.extend({
  spec: z.record(z.string(), z.unknown()),
  attempts: z.array(Attempt),
  params: z.record(z.string(), z.string()),
  metrics: z.record(z.string(), z.number()).describe('Latest value of each metric; NaN and infinities are left out'),
});
export type RunDetail = z.output<typeof RunDetail>;
