import { problemsOf } from '@trainyard/api/problems.ts';
import { toSpecBody, toTrainingSpec, TrainingSpecBody } from '@trainyard/api/schemas/training.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Resources, TrainingSpec } from '@trainyard/core/training/spec.ts';
import type { z } from 'zod';
import { present } from './fields.ts';
import { OWN_FIELDS, type TrainingBody } from './training-body.ts';

type Body = z.output<typeof TrainingBody>;
type Spec = Body['spec'];

/** What ODAHU fills in by its configuration. */
export interface TrainingDefaults {
  readonly engine: string;
  readonly outputConnection: string | undefined;
  /** Of the toolchain that is named; undefined when there is none of that name. */
  readonly image: string | undefined;
}

/** ODAHU's own, when a training says nothing of resources. */
export const DEFAULT_RESOURCES: Resources = { limits: { cpu: '250m', memory: '256Mi' }, requests: { cpu: '125m', memory: '128Mi' } };

interface Context {
  readonly defaults: TrainingDefaults;
  /** The training as it is stored, when there is one. */
  readonly before: TrainingSpec | undefined;
  /** The body as it came. */
  readonly sent: unknown;
}

/** Body → spec, with ODAHU's defaults. Throws INVALID_FIELDS for a field of ours that is wrong. */
export function readTraining({ id, spec }: Body, context: Context): { id: string; spec: TrainingSpec } {
  const native = { ...ownFields(context, spec.toolchain), ...odahuFields(spec, context) };
  const result = TrainingSpecBody.safeParse(native);
  if (!result.success) {
    const problems = problemsOf(TrainingSpecBody, result.error, native);
    throw new TrainyardError('INVALID_FIELDS', { problem: problems.join('; ') }, { problems });
  }
  return { id: id ?? '', spec: toTrainingSpec(result.data) };
}

/** Named in the call, or as they were. */
function ownFields({ before, sent, defaults }: Context, toolchain: string | undefined): Record<string, unknown> {
  const named = specSent(sent);
  const { register, ...stored }: Readonly<Record<string, unknown>> = before === undefined ? { engine: defaults.engine } : toSpecBody(before);
  // whether a model is expected depends on the toolchain
  const kept: Readonly<Record<string, unknown>> = before?.toolchain === toolchain ? { ...stored, register } : stored;
  return Object.fromEntries(
    OWN_FIELDS.flatMap((field) => {
      const value = Object.hasOwn(named, field) ? named[field] : kept[field];
      return value === undefined || value === null ? [] : [[field, value]];
    }),
  );
}

function odahuFields(spec: Spec, context: Context): Record<string, unknown> {
  const { model, toolchain, envs, data, resources, nodeSelector, outputConnection, image, algorithmSource: _, ...rest } = spec;
  return {
    ...present(rest),
    model: { name: model.name ?? '', version: model.version ?? '', ...present({ artifactNameTemplate: model.artifactNameTemplate }) },
    toolchain: toolchain ?? '',
    envs: envs.map(({ name, value }) => ({ name: name ?? '', value: value ?? '' })),
    data: data.map(({ connection, connName, localPath, remotePath }) => ({ localPath: localPath ?? '', ...present({ connection, connName, remotePath }) })),
    algorithmSource: sourceOf(spec, context),
    resources: isGiven(specSent(context.sent)['resources']) ? amountsOf(resources) : DEFAULT_RESOURCES,
    ...present({ nodeSelector, outputConnection: outputConnection ?? context.defaults.outputConnection, image: image ?? context.defaults.image }),
  };
}

/** A source ODAHU has no word for goes through when the call names it, and stays when the call names no source at all. */
function sourceOf({ algorithmSource: { vcs, objectStorage }, vcsName }: Spec, { sent, before }: Context): Record<string, unknown> {
  const named = (specSent(sent)['algorithmSource'] ?? {}) as Readonly<Record<string, unknown>>;
  const given = {
    ...(vcs.connection === undefined ? {} : { vcs: present(vcs) }),
    ...(objectStorage.connection === undefined ? {} : { objectStorage: present(objectStorage) }),
    ...ownSources(named),
  };
  return Object.keys(given).length === 0 && vcsName === undefined ? ownSources(before?.algorithmSource ?? {}) : given;
}

function ownSources(source: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(source).filter(([name, value]) => ['git', 'snapshot', 'notebook'].includes(name) && isGiven(value)));
}

function amountsOf({ limits, requests }: Spec['resources']): Record<string, unknown> {
  return present({ limits: present(limits), requests: present(requests) });
}

function specSent(sent: unknown): Readonly<Record<string, unknown>> {
  return ((sent as { readonly spec?: unknown } | null)?.spec ?? {}) as Readonly<Record<string, unknown>>;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
