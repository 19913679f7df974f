import { formatDuration, parseDuration } from '@trainyard/core/duration.ts';
import { REASON_NAMES } from '@trainyard/core/training/reason.ts';
import { type AlgorithmSource, DEFAULT_ARTIFACT_NAME, type DatabricksChoice, GIT_PROVIDERS, type TrainingSpec } from '@trainyard/core/training/spec.ts';
import { RUN_STATES, STEPS } from '@trainyard/core/training/states.ts';
import { z } from 'zod';
import { checkSpellings, sourceOf } from './older-spellings.ts';

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

const resourceAmounts = z.strictObject({
  cpu: scalar.optional().describe('Cores, as in Kubernetes: `2`, `500m`'),
  memory: scalar.optional().describe('Bytes, as in Kubernetes: `512Mi`, `4Gi`'),
  gpu: scalar.optional().describe('Whole devices'),
});

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
  mode: z.enum(['required', 'when_present', 'never']).optional().describe("`required`: a run that leaves no model fails. Default: required for the toolchain 'mlflow', when_present for others"),
  name: z.string().min(1).max(256).optional().describe('Name in the registry; model.name when absent'),
  artifact: z.string().min(1).optional().describe('Which of several logged models is meant'),
  aliases: z.array(z.string().min(1).max(256)).max(50).default([]).describe('Aliases the new version takes over'),
  tags: z.record(z.string().min(1).max(250), scalar).default({}).describe('Tags of the new version'),
});

const environmentChoice = z.strictObject({
  manager: z.enum(['auto', 'uv', 'venv', 'conda', 'none']).default('auto').describe('`auto`: uv when it can be had, venv and pip otherwise. `none`: the Python that is there, nothing is installed'),
  pythonMismatch: z.enum(['fail', 'nearest']).default('fail').describe('When the Python the project asks for is not there: fail, or take the nearest one and warn'),
});

const notebookSource = z.strictObject({
  path: z.string().min(1).max(4096).describe('`/Users/me/train` with source `workspace`; relative to the root of the repository with source `git`'),
  source: z.enum(['workspace', 'git']).default('workspace').describe('Where the notebook lies'),
  git: z
    .strictObject({
      url: z.string().min(1).max(2048).describe('https://'),
      reference: scalar.optional().describe('Branch, `refs/tags/<tag>`, or commit'),
      provider: z.enum(GIT_PROVIDERS).optional().describe('What the host runs, when its name does not tell'),
    })
    .optional()
    .describe('The repository, with source `git`'),
});

const databricksChoice = z.strictObject({
  cluster: z
    .union([
      z.literal('serverless'),
      z.strictObject({ existing: z.string().min(1).max(256).describe('Id of an all-purpose cluster') }),
      z.strictObject({
        new: z.record(z.string(), z.unknown()).describe("Databricks' `new_cluster`: spark_version, num_workers, node_type_id, …"),
        pool: z.string().min(1).max(256).optional().describe('Instance pool the machines come from'),
      }),
    ])
    .optional()
    .describe("`serverless`, `{ existing: <id> }`, `{ new: {…} }` or `{ new: {…}, pool: <id> }`; the server's own choice when absent"),
  timeout: duration('Limit that Databricks keeps itself; when absent timeout.run for a notebook, and a little more for a program, which the server ends first').optional(),
});

const dataBinding = z.strictObject({
  connection: z.string().optional().describe('Id of a connection'),
  connName: z.string().optional().describe('Older spelling of `connection`'),
  localPath: z.string().max(4096).describe('Where it is put, inside of the source; with a slash at its end it is a directory'),
  remotePath: z.string().max(4096).optional().describe('What is fetched, from the root of the bucket; the path of the connection when absent'),
});

const trainingFields = z.strictObject({
  model: z.strictObject({
    name: z.string().max(256).describe('Name of the model, and of the registered model'),
    version: scalar.describe('Version of the model as its author counts'),
    artifactNameTemplate: z.string().default(DEFAULT_ARTIFACT_NAME).describe('File name of the trained model binary, over .Name, .Version, .RandomUUID and .CommitID'),
  }),
  toolchain: z.string().describe('How the source becomes a launch: `mlflow` (an MLproject), `command` (any program), `notebook`, or the id of a toolchain integration'),
  engine: z.string().default('local').describe('Where it runs'),
  project: z.string().regex(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be an id: lowercase letters, digits and -').default('default').describe('Whose limits it counts for'),
  algorithmSource: z
    .strictObject({
      git: z.strictObject({ url: z.string().min(1).max(2048).describe('https:// or file://'), reference: scalar.optional().describe('Branch, tag or commit; the default branch when absent') }).optional().describe('A git repository'),
      vcs: z.strictObject({ connection: z.string().describe('Id of a connection of the type git'), reference: scalar.optional().describe("Branch, tag or commit; the connection's own when absent") }).optional().describe('A git repository behind a connection'),
      objectStorage: z.strictObject({ connection: z.string().describe('Id of a connection'), path: z.string().max(4096).optional().describe('From the root of the bucket; the path of the connection when absent') }).optional().describe('A directory or file behind a connection'),
      snapshot: z.strictObject({ digest: z.string().describe('sha256 of the upload, 64 hex digits') }).optional().describe('A directory that was packed and uploaded'),
      notebook: notebookSource.optional().describe('A notebook that the engine fetches itself; for engines that hold notebooks'),
    })
    .default({})
    .describe('Where the code comes from; exactly one of them'),
  vcsName: z.string().optional().describe('Older spelling of `algorithmSource.vcs.connection`'),
  reference: scalar.optional().describe('Older spelling of `algorithmSource.vcs.reference`'),
  entrypoint: z.string().min(1).max(1024).optional().describe('MLproject entry point, or a script (`train.py`, `train.sh`) in workDir'),
  args: z.array(scalar).max(10_000).default([]).describe("Toolchain 'command': the program and its arguments"),
  workDir: z.string().max(4096).default('./').describe('Where it runs, relative to the root of the source'),
  data: z.array(dataBinding).max(1000).default([]).describe('Files that are fetched into the source, in this order'),
  outputConnection: z.string().optional().describe('Id of the connection that the trained model binary is also put to'),
  hyperParameters: z.record(z.string().min(1).max(250), scalar).default({}).describe('Parameters of the training, by name'),
  envs: z.array(z.strictObject({ name: z.string(), value: scalar })).default([]).describe('Environment variables of the training'),
  secretEnvs: z.array(z.strictObject({ name: z.string().describe('Environment variable'), secret: z.string().describe('Name of a sealed secret') })).default([]).describe('Environment variables whose values are secrets'),
  image: z.string().optional().describe('Container image, for engines that run containers'),
  resources: z.strictObject({ limits: resourceAmounts.optional().describe('The most it may take'), requests: resourceAmounts.optional().describe('What it needs to start') }).default({}).describe('What it needs of a machine'),
  nodeSelector: z.record(z.string().min(1).max(317), scalar).optional().describe('Labels of the machines it may run on, for engines that have several'),
  priority: z.int().min(-1000).max(1000).default(0).describe('Larger goes first'),
  timeout: z.union([timeouts, duration('Limit of an attempt')]).prefault({}).describe('Time limits; a single duration is the limit of an attempt'),
  retry: retryPolicy.prefault({}).describe('When a failed attempt is followed by another'),
  register: z.union([registration, z.boolean()]).prefault({}).describe('What happens to the model; true is `required`, false is `never`'),
  environment: environmentChoice.prefault({}).describe('How the environment is built'),
  experiment: z.string().min(1).max(256).optional().describe("Name of the MLflow experiment its runs belong to; the training's id when absent"),
  databricks: databricksChoice.optional().describe('For the engine `databricks` only'),
});

/** The fields of a training as users write them. */
export const TrainingSpecBody = trainingFields.superRefine((body, context) => {
  for (const { path, message } of checkSpellings(body)) context.addIssue({ code: 'custom', path, message });
});

export const TrainingBody = z.strictObject({
  kind: z.literal('ModelTraining').optional(),
  id: z.string().describe('1 to 63 lowercase letters, digits and -, beginning with a letter'),
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

/** Checked shape → spec: short forms and older spellings written out, defaults that depend on other fields filled in. */
export function toTrainingSpec({ timeout, retry, register, databricks, vcsName, reference, data, algorithmSource, ...body }: z.output<typeof TrainingSpecBody>): TrainingSpec {
  const times = typeof timeout === 'number' ? timeouts.parse({ run: timeout / 1000 }) : timeout;
  const given = typeof register === 'boolean' ? { ...registration.parse({}), mode: register ? ('required' as const) : ('never' as const) } : register;
  return {
    ...body,
    algorithmSource: sourceOf({ algorithmSource, vcsName, reference }) as AlgorithmSource,
    data: data.map(({ connection, connName, ...binding }) => ({ connection: connection ?? connName ?? '', ...binding })),
    timeout: { runMs: times.run, graceMs: times.grace, stepsMs: times.steps },
    retry: { maxAttempts: retry.maxAttempts, on: retry.on, backoffMs: retry.backoff, maxBackoffMs: retry.maxBackoff },
    register: { ...given, mode: given.mode ?? (body.toolchain === 'mlflow' ? 'required' : 'when_present') },
    ...(databricks === undefined ? {} : { databricks: { cluster: databricks.cluster, timeoutMs: databricks.timeout } }),
  };
}

/** Spec → the form users write, so that an answer can be edited and sent back. */
export function toSpecBody({ timeout, retry, databricks, ...spec }: TrainingSpec): z.input<typeof TrainingSpecBody> {
  const steps = Object.fromEntries(Object.entries(timeout.stepsMs).flatMap(([step, ms]) => (ms === undefined ? [] : [[step, formatDuration(ms)]])));
  return {
    ...(structuredClone(spec) as Omit<z.input<typeof TrainingSpecBody>, 'timeout' | 'retry' | 'databricks'>),
    timeout: { run: formatDuration(timeout.runMs), grace: formatDuration(timeout.graceMs), steps },
    retry: { maxAttempts: retry.maxAttempts, on: [...retry.on], backoff: formatDuration(retry.backoffMs), maxBackoff: formatDuration(retry.maxBackoffMs) },
    ...(databricks === undefined ? {} : { databricks: toDatabricksBody(databricks) }),
  };
}

function toDatabricksBody({ cluster, timeoutMs }: DatabricksChoice): z.input<typeof databricksChoice> {
  return {
    ...(cluster === undefined ? {} : { cluster: structuredClone(cluster) as z.input<typeof databricksChoice>['cluster'] }),
    ...(timeoutMs === undefined ? {} : { timeout: formatDuration(timeoutMs) }),
  };
}

const time = z.string().describe('RFC 3339, UTC, milliseconds');

const TrainingStatus = z.object({
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
