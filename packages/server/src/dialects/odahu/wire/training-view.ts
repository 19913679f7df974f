import type { DataBinding, ResourceAmounts, TrainingSpec } from '@trainyard/core/training/spec.ts';
import { present } from './fields.ts';
import { type RunSeen, type Status, statusOf } from './status.ts';
import { timeText } from './time.ts';

interface Stored {
  readonly id: string;
  readonly spec: TrainingSpec;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly latestRun: RunSeen | undefined;
}

/** Training → answer, in the order of ODAHU's fields. What ODAHU has no word for is left out, but for the source. */
export function trainingView(training: Stored) {
  return view(training, training.latestRun === undefined ? { state: 'unknown' } : statusOf(training.latestRun));
}

/** The answer to the call that started a run: nothing is known of it yet. */
export function startedView(training: Stored) {
  return view(training, { state: 'unknown' });
}

function view({ id, spec, createdAt, updatedAt }: Stored, status: Status) {
  return { id, createdAt: timeText(createdAt), updatedAt: timeText(updatedAt), spec: specView(spec), status };
}

function specView({ model, toolchain, envs, hyperParameters, workDir, entrypoint, args, algorithmSource, outputConnection, image, resources, data, nodeSelector }: TrainingSpec) {
  const { vcs, objectStorage, ...ours } = algorithmSource;
  const { name, version, artifactNameTemplate } = model;
  return {
    model: { name, version, artifactNameTemplate },
    toolchain,
    ...present({ envs, hyperParameters, workDir, entrypoint, args }),
    algorithmSource: { vcs: present({ connection: vcs?.connection, reference: vcs?.reference }), objectStorage: present({ connection: objectStorage?.connection, path: objectStorage?.path }), ...present(ours) },
    ...present({ outputConnection, image, resources: present({ limits: amounts(resources.limits), requests: amounts(resources.requests) }), data: data.map(binding), nodeSelector }),
  };
}

function amounts({ gpu, cpu, memory }: ResourceAmounts = {}) {
  return present({ gpu, cpu, memory });
}

function binding({ connection, localPath, remotePath }: DataBinding) {
  return present({ connection, localPath, remotePath });
}
