import { REASON_NAMES } from '@trainyard/core/training/reason.ts';
import { STEPS, STEP_STATES } from '@trainyard/core/training/states.ts';
import { z } from 'zod';

const step = z.enum(STEPS);
const numbered = { seq: z.int().min(1), at: z.int() };
const text = z.string().max(16_384);

const outcome = z.union([
  z.strictObject({ ok: z.literal(true), endedAt: z.int() }),
  z.strictObject({
    ok: z.literal(false),
    endedAt: z.int(),
    reason: z.enum(REASON_NAMES),
    step: step.optional(),
    message: text,
    exitCode: z.int().optional(),
    signal: z.string().max(32).optional(),
    lastLines: z.string().max(65_536).optional(),
  }),
]);

const facts = z.strictObject({
  commit: z.string().max(64).optional(),
  sourceDigest: z.string().max(64).optional(),
  environment: text.optional(),
  python: z.string().max(64).optional(),
  command: text.optional(),
  result: text.optional(),
  data: z.array(z.strictObject({ connection: z.string().max(256), localPath: text, files: z.int(), sizeBytes: z.int(), version: z.string().max(256) })).max(1000).optional(),
  artifact: z.strictObject({ name: z.string().max(255), path: text, sizeBytes: z.int(), sha256: z.string().length(64), output: text.optional() }).optional(),
  declared: z.strictObject({ runId: z.string().max(256).optional(), artifactName: z.string().max(256).optional() }).optional(),
  model: z.strictObject({ name: z.string().max(256), version: z.string().max(64) }).optional(),
});

const report = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('step'), ...numbered, step, state: z.enum(STEP_STATES), message: text.optional(), exitCode: z.int().optional() }),
  z.strictObject({ kind: z.literal('note'), ...numbered, level: z.enum(['info', 'warning']), message: text }),
  z.strictObject({ kind: z.literal('facts'), ...numbered, facts }),
  z.strictObject({ kind: z.literal('outcome'), ...numbered, outcome }),
]);

/** A heartbeat is a call without reports. */
export const ReportsBody = z.strictObject({ attempt: z.int().min(1), reports: z.array(report).max(1000) });
export const ReportsAnswer = z.object({ lastSeq: z.int(), stop: z.boolean() });

export const LogQuery = z.strictObject({ attempt: z.coerce.number().int().min(1), offset: z.coerce.number().int().min(0) });
export const LogAnswer = z.object({ next: z.int().describe('The byte the server expects next') });

/** Registers what a run left. The same call twice gives the same version. */
export const PublishBody = z.strictObject({
  attempt: z.int().min(1),
  name: z.string().min(1).max(256),
  source: z.string().min(1).max(2048).describe('models:/<logged model id> or runs:/<run>/<path>'),
  modelId: z.string().max(64).optional(),
  aliases: z.array(z.string()).max(50).default([]),
  tags: z.record(z.string(), z.string()).default({}),
});
export const PublishAnswer = z.object({ name: z.string(), version: z.string() });
