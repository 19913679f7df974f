import { formatDuration, parseDuration } from '@trainyard/core/duration.ts';
import { REASON_NAMES } from '@trainyard/core/training/reason.ts';
import { DEFAULT_ARTIFACT_NAME, type TrainingSpec } from '@trainyard/core/training/spec.ts';
import { RUN_STATES, STEPS } from '@trainyard/core/training/states.ts';
import { z } from 'zod';

/** Numbers and booleans are taken where the value is text in the end: YAML writes `alpha: 0.5` and means the text. */
const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'expected text, a number, true or false' }).transform(String);

const MAX_DURATION_MS = 365 * 86_400_000;

function duration(description: string) {
  return z
    .union([z.string(), z.number()])
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms !== undefined && ms >= 0 && ms <= MAX_DURATION_MS) return ms;
      context.addIssue({ code: 'custom', message: `'${text}' is not a duration: write 90s, 15m, 4h, or a number of seconds (at most 365d)` });
      return z.NEVER;
    })
    .describe(description);
}

const resourceAmounts = z.strictObject({ cpu: scalar.optional(), memory: scalar.optional(), gpu: scalar.optional() });

const stepTimeouts = z.strictObject(
  Object.fromEntries(STEPS.map((step) => [step, duration(`Limit of the step '${step}'`).optional()])) as Record<(typeof STEPS)[number], z.ZodOptional<ReturnType<typeof duration>>>,
);

const timeouts = z.strictObject({
  run: duration('From the start of an attempt to its end').default(24 * 3_600_000),
  grace: duration('From the polite signal to the one that cannot be refused').default(10_000),
  steps: stepTimeouts.default({}),
});

const retryPolicy = z.strictObject({
  maxAttempts: z.int().min(1).max(100).default(3).describe('Attempts in all, the first one included'),
  on: z.array(z.enum(REASON_NAMES)).default([]).describe('Reasons to try again for, beside those that lie outside of the training'),
  backoff: duration('Before the second attempt; doubled for each further one').default(5_000),
  maxBackoff: duration('The longest pause between two attempts').default(300_000),
});

const registration = z.strictObject({
  mode: z.enum(['required', 'when_present', 'never']).optional().describe("Default: required for the toolchain 'mlflow', when_present for 'command'"),
  name: z.string().min(1).max(256).optional().describe('Name in the registry; model.name when absent'),
  artifact: z.string().min(1).optional().describe('Which of several logged models is meant'),
  aliases: z.array(z.string().min(1).max(256)).max(50).default([]),
  tags: z.record(z.string().min(1).max(250), scalar).default({}),
});

const environmentChoice = z.strictObject({
  manager: z.enum(['auto', 'uv', 'venv', 'conda', 'none']).default('auto'),
  pythonMismatch: z.enum(['fail', 'nearest']).default('fail'),
});

/** The fields of a training as users write them. */
export const TrainingSpecBody = z.strictObject({
  model: z.strictObject({
    name: z.string().max(256),
    version: scalar,
    artifactNameTemplate: z.string().default(DEFAULT_ARTIFACT_NAME),
  }),
  toolchain: z.string(),
  engine: z.string().default('local'),
  project: z.string().regex(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be an id: lowercase letters, digits and -').default('default'),
  algorithmSource: z.strictObject({
    git: z.strictObject({ url: z.string().min(1).max(2048), reference: scalar.optional() }).optional(),
    snapshot: z.strictObject({ digest: z.string() }).optional(),
  }),
  entrypoint: z.string().min(1).max(1024).optional(),
  args: z.array(scalar).max(10_000).default([]),
  workDir: z.string().max(4096).default('./'),
  hyperParameters: z.record(z.string().min(1).max(250), scalar).default({}),
  envs: z.array(z.strictObject({ name: z.string(), value: scalar })).default([]),
  secretEnvs: z.array(z.strictObject({ name: z.string(), secret: z.string() })).default([]),
  image: z.string().optional(),
  resources: z.strictObject({ limits: resourceAmounts.optional(), requests: resourceAmounts.optional() }).default({}),
  priority: z.int().min(-1000).max(1000).default(0),
  timeout: z.union([timeouts, duration('Limit of an attempt')]).prefault({}),
  retry: retryPolicy.prefault({}),
  register: z.union([registration, z.boolean()]).prefault({}),
  environment: environmentChoice.prefault({}),
  experiment: z.string().min(1).max(256).optional(),
});

export const TrainingBody = z.strictObject({
  kind: z.literal('ModelTraining').optional(),
  id: z.string(),
  spec: TrainingSpecBody,
  // answers of this API may be sent back as they are
  status: z.unknown().optional(),
  createdAt: z.unknown().optional(),
  updatedAt: z.unknown().optional(),
});
export type TrainingInput = z.input<typeof TrainingBody>;
export type TrainingBody = z.output<typeof TrainingBody>;

/** Changes for one run of a training; the training itself keeps its own. */
export const RunBody = z.strictObject({
  hyperParameters: z.record(z.string().min(1).max(250), scalar).optional().describe('Added to those of the training, or in place of them'),
  priority: z.int().min(-1000).max(1000).optional(),
  entrypoint: z.string().min(1).max(1024).optional(),
});
export type RunBody = z.output<typeof RunBody>;

/** Checked shape → spec: short forms written out, defaults that depend on other fields filled in. */
export function toTrainingSpec({ timeout, retry, register, ...body }: z.output<typeof TrainingSpecBody>): TrainingSpec {
  const times = typeof timeout === 'number' ? timeouts.parse({ run: timeout / 1000 }) : timeout;
  const given = typeof register === 'boolean' ? { ...registration.parse({}), mode: register ? ('required' as const) : ('never' as const) } : register;
  return {
    ...body,
    timeout: { runMs: times.run, graceMs: times.grace, stepsMs: times.steps },
    retry: { maxAttempts: retry.maxAttempts, on: retry.on, backoffMs: retry.backoff, maxBackoffMs: retry.maxBackoff },
    register: { ...given, mode: given.mode ?? (body.toolchain === 'mlflow' ? 'required' : 'when_present') },
  };
}

/** Spec → the form users write, so that an answer can be edited and sent back. */
export function toSpecBody({ timeout, retry, ...spec }: TrainingSpec): z.input<typeof TrainingSpecBody> {
  const steps = Object.fromEntries(Object.entries(timeout.stepsMs).flatMap(([step, ms]) => (ms === undefined ? [] : [[step, formatDuration(ms)]])));
  return {
    ...(structuredClone(spec) as Omit<z.input<typeof TrainingSpecBody>, 'timeout' | 'retry'>),
    timeout: { run: formatDuration(timeout.runMs), grace: formatDuration(timeout.graceMs), steps },
    retry: { maxAttempts: retry.maxAttempts, on: [...retry.on], backoff: formatDuration(retry.backoffMs), maxBackoff: formatDuration(retry.maxBackoffMs) },
  };
}

const time = z.string().describe('RFC 3339, UTC, milliseconds');

export const TrainingStatus = z.object({
  state: z.enum([...RUN_STATES, 'none']).describe("State of the latest run; 'none' when it has not been run"),
  reason: z.enum(REASON_NAMES).optional(),
  message: z.string().optional(),
  exitCode: z.int().optional(),
  runId: z.string().optional(),
  runNumber: z.int().optional(),
  runs: z.int().describe('Runs in all'),
  artifacts: z.array(z.object({ runId: z.string(), artifactName: z.string(), commitID: z.string().optional() })),
  model: z.object({ name: z.string(), version: z.string() }).optional(),
});

export const Training = z.object({
  kind: z.literal('ModelTraining'),
  id: z.string(),
  createdAt: time,
  updatedAt: time,
  spec: z.record(z.string(), z.unknown()).describe('As in the request, with defaults filled in'),
  status: TrainingStatus,
});
export type Training = z.output<typeof Training>;
