import { type Actor, includes, narrowed, usualProject } from '@trainyard/core/access/reach.ts';
import { isTrainyardError, TrainyardError } from '@trainyard/core/errors.ts';
import { idProblems, type Known, specProblems } from '@trainyard/core/training/check-spec.ts';
import { builtInFor } from '@trainyard/core/training/chosen-toolchain.ts';
import { connectionsOf } from '@trainyard/core/training/connections-of.ts';
import { type Launches, launchMisfit } from '@trainyard/core/training/launch.ts';
import type { TrainingSpec } from '@trainyard/core/training/spec.ts';
import { ACTIVE_STATES, hasEnded } from '@trainyard/core/training/states.ts';
import type { SecretStore } from '../stores/secrets.ts';
import type { SnapshotStore } from '../snapshots/snapshot-store.ts';
import type { NewRun, RunRecord, RunStore } from '../stores/runs.ts';
import type { TrainingFilter, TrainingRecord, TrainingsById, TrainingStore } from '../stores/trainings.ts';
import type { Connections } from './connections.ts';
import type { ToolchainIntegrations } from './toolchain-integrations.ts';

export interface TrainingsParts {
  readonly trainings: TrainingStore;
  readonly runs: RunStore;
  readonly secrets: SecretStore;
  readonly snapshots: Pick<SnapshotStore, 'find'>;
  readonly connections: Pick<Connections, 'typesOf' | 'uses'>;
  readonly integrations: Pick<ToolchainIntegrations, 'find'>;
  /** Engines, built-in toolchains and machines of this server. */
  readonly known: Pick<Known, 'engines' | 'toolchains' | 'nodePools'>;
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
export interface RunStart extends Actor {
  /** Id of the run, 32 hex digits; a new one when absent. */
  readonly runId?: string | undefined;
}

const PAGE = 500;

type Within = Pick<Actor, 'reach'>;

/**
 * Create, edit, run and delete trainings. What these answered is on disk. A training of a project that the caller does not see
 * is TRAINING_NOT_FOUND, one that is seen but may not be changed FORBIDDEN.
 */
export class Trainings {
  readonly #parts: TrainingsParts;

  constructor(parts: TrainingsParts) {
    this.#parts = parts;
  }

  async get(id: string, { reach }: Within): Promise<TrainingRecord> {
    const training = await this.#parts.trainings.find(id);
    if (training === undefined || !includes(reach.sees, training.spec.project)) throw new TrainyardError('TRAINING_NOT_FOUND', { id });
    return training;
  }

  list({ project, ...filter }: Omit<TrainingFilter, 'projects'> & { readonly project?: string | undefined }, { reach }: Within): Promise<TrainingRecord[]> {
    return this.#parts.trainings.list({ ...filter, projects: narrowed(reach.sees, project) });
  }

  /** By id, from a place on. */
  listById(filter: Omit<TrainingsById, 'projects'>, { reach }: Within): Promise<TrainingRecord[]> {
    return this.#parts.trainings.listById({ ...filter, projects: reach.sees });
  }

  async put(kind: 'create' | 'edit', training: { id: string; spec: TrainingSpec }, options: Actor & { readonly run: boolean }): Promise<TrainingRecord> {
    const { id } = training;
    const spec = placed(training.spec, options);
    await this.#check(id, spec);
    if (kind === 'edit') requireWrite((await this.get(id, options)).spec.project, options);
    const run = options.run ? this.#newRun(id, spec, options.user) : undefined;
    const stored = await this.#parts.trainings.submit({ kind, id, spec, run });
    if (run !== undefined) this.#parts.wake(run.id);
    return stored;
  }

  /** A new run of the training as it is now, with some fields changed for this run only. */
  async run(id: string, changes: RunChanges, by: Actor): Promise<RunRecord> {
    const { spec } = await this.get(id, by);
    const changed: TrainingSpec = {
      ...spec,
      hyperParameters: { ...spec.hyperParameters, ...changes.hyperParameters },
      priority: changes.priority ?? spec.priority,
      ...(changes.entrypoint === undefined ? {} : { entrypoint: changes.entrypoint }),
    };
    return this.start(id, changed, by);
  }

  /** A new run with the spec of one that has ended, whatever became of its training since, as long as that belongs to the same project. */
  async retry(run: RunRecord, by: Actor): Promise<RunRecord> {
    requireWrite(run.project, by);
    if (!hasEnded(run.state)) throw new TrainyardError('RUN_ACTIVE', { id: run.number, state: run.state });
    return this.start(run.trainingId, run.spec, by);
  }

  /** A new run of a training with a spec of its own. Throws TRAINING_NOT_FOUND, INVALID_TRAINING. */
  async start(id: string, spec: TrainingSpec, by: RunStart): Promise<RunRecord> {
    requireWrite(spec.project, by);
    await this.#check(id, spec);
    const run = { ...this.#newRun(id, spec, by.user), ...(by.runId === undefined ? {} : { id: by.runId }) };
    const { latestRun } = await this.#parts.trainings.submit({ kind: 'run', id, run });
    this.#parts.wake(run.id);
    return latestRun ?? this.#found(run.id);
  }

  /** Runs, logs and models stay. With `force`, runs that have not ended are asked to stop; without, they forbid it. */
  async delete(id: string, force: boolean, within: Within): Promise<void> {
    requireWrite((await this.get(id, within)).spec.project, within);
    for (;;) {
      if (force) for (const run of await this.#activeRuns(id)) await this.#stop(run);
      try {
        return await this.#parts.trainings.delete(id, { stopping: force });
      } catch (error) {
        // of a run that was started in between
        if (!force || !isTrainyardError(error) || error.code !== 'TRAINING_ACTIVE') throw error;
      }
    }
  }

  async #activeRuns(id: string): Promise<RunRecord[]> {
    const active: RunRecord[] = [];
    for (let before: number | undefined; ; ) {
      const page = await this.#parts.runs.list({ training: id, states: ACTIVE_STATES, before, limit: PAGE });
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
    const integration = await this.#parts.integrations.find(spec.toolchain);
    const problems = [...idProblems(id), ...specProblems(spec, await this.#known(spec, integration !== undefined)), ...(await this.#missingParts(spec))];
    if (problems.length > 0) throw new TrainyardError('INVALID_TRAINING', { problems: problems.join('; ') }, { problems });
    const can = this.#parts.launches(spec.engine);
    const misfit = can === undefined ? undefined : launchMisfit(spec, can, integration !== undefined && builtInFor(integration.spec) === undefined);
    if (misfit !== undefined) throw new TrainyardError('NOT_ON_THIS_ENGINE', { engine: spec.engine, ...misfit });
  }

  /** What there is of what the spec names. */
  async #known(spec: TrainingSpec, integrated: boolean): Promise<Known> {
    const { connections, known } = this.#parts;
    const named = connectionsOf(spec);
    const toolchains = integrated && !known.toolchains.includes(spec.toolchain) ? [...known.toolchains, spec.toolchain] : known.toolchains;
    const none: Known = { ...known, toolchains, connections: new Map(), connectionUses: new Map() };
    // most trainings name none: then no type has to be loaded
    return named.length === 0 ? none : { ...none, connections: await connections.typesOf(named), connectionUses: await connections.uses() };
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

function requireWrite(project: string, { reach }: Within): void {
  if (!includes(reach.writes, project)) throw new TrainyardError('FORBIDDEN', { action: `change trainings and runs of the project '${project}'` });
}

/** In the only project of whoever has one, when the spec leaves it to the server: many clients cannot name one. */
function placed(spec: TrainingSpec, within: Within): TrainingSpec {
  const project = spec.project === 'default' ? (usualProject(within.reach) ?? 'default') : spec.project;
  requireWrite(project, within);
  return project === spec.project ? spec : { ...spec, project };
}
