import { isTrainyardError, TrainyardError } from '@trainyard/core/errors.ts';
import { idProblems, type Known, specProblems } from '@trainyard/core/training/check-spec.ts';
import { type Launches, launchMisfit } from '@trainyard/core/training/launch.ts';
import type { TrainingSpec } from '@trainyard/core/training/spec.ts';
import { hasEnded } from '@trainyard/core/training/states.ts';
import type { SecretStore } from '../stores/secrets.ts';
import type { SnapshotStore } from '../snapshots/snapshot-store.ts';
import type { NewRun, RunRecord, RunStore } from '../stores/runs.ts';
import type { TrainingFilter, TrainingRecord, TrainingStore } from '../stores/trainings.ts';

export interface TrainingsParts {
  readonly trainings: TrainingStore;
  readonly runs: RunStore;
  readonly secrets: SecretStore;
  readonly snapshots: SnapshotStore;
  readonly known: Known;
  /** What an engine takes; undefined when there is no such engine. */
  readonly launches: (engine: string) => Launches | undefined;
  readonly newId: () => string;
  readonly now: () => number;
  /** Something was queued or asked to stop: the scheduler need not wait. */
  readonly wake: (runId: string) => void;
}

export interface RunChanges {
  readonly hyperParameters?: Readonly<Record<string, string>> | undefined;
  readonly priority?: number | undefined;
  readonly entrypoint?: string | undefined;
}

/** Who starts a run. */
export interface RunStart {
  readonly user: string;
  /** Id of the run, 32 hex digits; a new one when absent. */
  readonly runId?: string | undefined;
}

const PAGE = 500;

/** Create, edit, run and delete trainings. What these answered is on disk. */
export class Trainings {
  readonly #parts: TrainingsParts;

  constructor(parts: TrainingsParts) {
    this.#parts = parts;
  }

  async get(id: string): Promise<TrainingRecord> {
    const training = await this.#parts.trainings.find(id);
    if (training === undefined) throw new TrainyardError('TRAINING_NOT_FOUND', { id });
    return training;
  }

  list(filter: TrainingFilter): Promise<TrainingRecord[]> {
    return this.#parts.trainings.list(filter);
  }

  async put(kind: 'create' | 'edit', training: { id: string; spec: TrainingSpec }, options: { run: boolean; user: string }): Promise<TrainingRecord> {
    const { id, spec } = training;
    await this.#check(id, spec);
    const run = options.run ? this.#newRun(id, spec, options.user) : undefined;
    const stored = await this.#parts.trainings.submit({ kind, id, spec, run });
    if (run !== undefined) this.#parts.wake(run.id);
    return stored;
  }

  /** A new run of the training as it is now, with some fields changed for this run only. */
  async run(id: string, changes: RunChanges, user: string): Promise<RunRecord> {
    const { spec } = await this.get(id);
    const changed: TrainingSpec = {
      ...spec,
      hyperParameters: { ...spec.hyperParameters, ...changes.hyperParameters },
      priority: changes.priority ?? spec.priority,
      ...(changes.entrypoint === undefined ? {} : { entrypoint: changes.entrypoint }),
    };
    return this.start(id, changed, { user });
  }

  /** A new run with the spec of one that has ended, whatever became of its training since. */
  async retry(run: RunRecord, user: string): Promise<RunRecord> {
    if (!hasEnded(run.state)) throw new TrainyardError('RUN_ACTIVE', { id: run.number, state: run.state });
    return this.start(run.trainingId, run.spec, { user });
  }

  /** A new run of a training with a spec of its own. Throws TRAINING_NOT_FOUND, INVALID_TRAINING. */
  async start(id: string, spec: TrainingSpec, by: RunStart): Promise<RunRecord> {
    await this.#check(id, spec);
    const run = { ...this.#newRun(id, spec, by.user), ...(by.runId === undefined ? {} : { id: by.runId }) };
    const { latestRun } = await this.#parts.trainings.submit({ kind: 'run', id, run });
    this.#parts.wake(run.id);
    return latestRun ?? this.#found(run.id);
  }

  /** Runs, logs and models stay. With `force`, runs that have not ended are asked to stop; without, they forbid it. */
  async delete(id: string, force: boolean): Promise<void> {
    await this.get(id);
    const active = await this.#activeRuns(id);
    if (active.length > 0 && !force) throw new TrainyardError('TRAINING_ACTIVE', { id, count: active.length });
    for (const run of active) await this.#stop(run);
    await this.#parts.trainings.delete(id);
  }

  async #activeRuns(id: string): Promise<RunRecord[]> {
    const active: RunRecord[] = [];
    for (let before: number | undefined; ; ) {
      const page = await this.#parts.runs.list({ training: id, states: ['queued', 'preparing', 'running'], before, limit: PAGE });
      active.push(...page);
      if (page.length < PAGE) return active;
      before = page.at(-1)?.number;
    }
  }

  async #stop(run: RunRecord): Promise<void> {
    try {
      await this.#parts.runs.requestStop(run.id, this.#parts.now());
      this.#parts.wake(run.id);
    } catch (error) {
      // it ended in between, which is what was wanted
      if (!isTrainyardError(error) || error.code !== 'RUN_ENDED') throw error;
    }
  }

  async #found(runId: string): Promise<RunRecord> {
    const run = await this.#parts.runs.find(runId);
    if (run === undefined) throw new TrainyardError('RUN_NOT_FOUND', { id: runId });
    return run;
  }

  #newRun(trainingId: string, spec: TrainingSpec, user: string): NewRun {
    return { id: this.#parts.newId(), trainingId, spec, user };
  }

  async #check(id: string, spec: TrainingSpec): Promise<void> {
    const problems = [...idProblems(id), ...specProblems(spec, this.#parts.known), ...(await this.#missingParts(spec))];
    if (problems.length > 0) throw new TrainyardError('INVALID_TRAINING', { problems: problems.join('; ') }, { problems });
    const can = this.#parts.launches(spec.engine);
    const misfit = can === undefined ? undefined : launchMisfit(spec, can);
    if (misfit !== undefined) throw new TrainyardError('NOT_ON_THIS_ENGINE', { engine: spec.engine, ...misfit });
  }

  /** What the spec names must be here: better said now than by a run that fails later. */
  async #missingParts(spec: TrainingSpec): Promise<string[]> {
    const names = [...new Set(spec.secretEnvs.map((variable) => variable.secret))];
    const found = new Set((await this.#parts.secrets.find(names)).map((secret) => secret.name));
    const problems = names.filter((name) => !found.has(name)).map((name) => `there is no secret '${name}' (create it with: trainyard secret set ${name})`);
    const digest = spec.algorithmSource.snapshot?.digest;
    if (digest !== undefined && /^[0-9a-f]{64}$/.test(digest) && (await this.#parts.snapshots.find(digest)) === undefined) problems.push(`the source ${digest} was not uploaded`);
    return problems;
  }
}
