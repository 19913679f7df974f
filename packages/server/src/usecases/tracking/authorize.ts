import { includes, type Projects, type Reach, usualProject } from '@trainyard/core/access/reach.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { parseSource } from '@trainyard/core/registry/source.ts';
import type { ArtifactPlace } from '@trainyard/core/tracking/artifact-place.ts';
import type { Pair } from '@trainyard/core/tracking/batch.ts';
import type { TrackingStore } from '../../stores/tracking.ts';
import type { KnownProjects } from './known-projects.ts';

/** Who asks. A run is its training code, or the runner that carries it out. */
export type Caller = UserCaller | RunCaller;

interface UserCaller {
  readonly kind: 'user';
  readonly name: string;
  readonly reach: Reach;
}

interface RunCaller {
  readonly kind: 'run';
  readonly runId: string;
  readonly project: string;
}

/** Tag by which whoever may write to several projects says to which one a new experiment or registered model belongs. */
const PROJECT_TAG = 'trainyard.project';

/**
 * What a caller sees and may write to. What is in a project that a caller does not see is not there: the same error as for what
 * never was, so that nothing is told. What is seen but may not be changed is FORBIDDEN. A run's token sees the project of its
 * run, and writes to its own run, runs it created, logged models that came out of these, their artifacts, and versions
 * registered from them. Who sees every project is never looked up.
 */
export class Rights {
  readonly #store: TrackingStore;
  readonly #projects: KnownProjects;

  constructor(store: TrackingStore, projects: KnownProjects) {
    this.#store = store;
    this.#projects = projects;
  }

  requireUser(caller: Caller, action: string): void {
    if (caller.kind !== 'user') throw new TrainyardError('FORBIDDEN', { action });
  }

  /** The projects whose things a search may find. */
  seenBy(caller: Caller): Projects {
    return caller.kind === 'user' ? caller.reach.sees : [caller.project];
  }

  /** Those of the experiments that the caller sees. */
  async experimentsSeenBy(caller: Caller, ids: readonly string[]): Promise<readonly string[]> {
    const projects = this.seenBy(caller);
    return projects === 'all' ? ids : this.#projects.experimentsIn(projects, ids);
  }

  /** Those of the runs that the caller sees. */
  async runsSeenBy(caller: Caller, ids: readonly string[]): Promise<readonly string[]> {
    const projects = this.seenBy(caller);
    return projects === 'all' ? ids : this.#projects.runsIn(projects, ids);
  }

  seesExperiment(caller: Caller, id: string): Promise<boolean> {
    return this.#isIn(this.seenBy(caller), () => this.#projects.ofExperiment(id));
  }

  async seeExperiment(caller: Caller, id: string): Promise<void> {
    if (!(await this.seesExperiment(caller, id))) throw new TrainyardError('EXPERIMENT_NOT_FOUND', { id });
  }

  async seeRun(caller: Caller, id: string): Promise<void> {
    if (caller.kind === 'run' && caller.runId === id) return;
    if (!(await this.#isIn(this.seenBy(caller), () => this.#projects.ofRun(id)))) throw new TrainyardError('TRACKING_RUN_NOT_FOUND', { id });
  }

  async seeModel(caller: Caller, id: string): Promise<void> {
    if (!(await this.#isIn(this.seenBy(caller), () => this.#projects.ofLoggedModel(id)))) throw new TrainyardError('LOGGED_MODEL_NOT_FOUND', { id });
  }

  async seeRegisteredModel(caller: Caller, name: string): Promise<void> {
    if (!(await this.#isIn(this.seenBy(caller), () => this.#projects.ofRegisteredModel(name)))) throw new TrainyardError('REGISTERED_MODEL_NOT_FOUND', { name });
  }

  /** To create runs and logged models in, or, for a user, to change. */
  async requireExperiment(caller: Caller, id: string): Promise<void> {
    await this.seeExperiment(caller, id);
    if (caller.kind === 'user') await this.#requireWrite(caller, () => this.#projects.ofExperiment(id));
  }

  async requireRun(caller: Caller, runId: string): Promise<void> {
    if (caller.kind === 'run') {
      if (!(await this.#isOwnRun(caller, runId))) throw new TrainyardError('FORBIDDEN', { action: `write to run '${runId}': it is not its own and it did not create it` });
      return;
    }
    if (caller.reach.writes === 'all') return;
    await this.seeRun(caller, runId);
    await this.#requireWrite(caller, () => this.#projects.ofRun(runId));
  }

  async requireModel(caller: Caller, modelId: string): Promise<void> {
    if (caller.kind === 'run') {
      if (!(await this.#isOwnModel(caller, modelId))) throw new TrainyardError('FORBIDDEN', { action: `write to logged model '${modelId}': it does not come from its run` });
      return;
    }
    if (caller.reach.writes === 'all') return;
    await this.seeModel(caller, modelId);
    await this.#requireWrite(caller, () => this.#projects.ofLoggedModel(modelId));
  }

  /** For a run only that it sees the model: what it may do to it is asked beside. */
  async requireRegisteredModel(caller: Caller, name: string): Promise<void> {
    await this.seeRegisteredModel(caller, name);
    if (caller.kind === 'user') await this.#requireWrite(caller, () => this.#projects.ofRegisteredModel(name));
  }

  requirePlace(caller: Caller, place: ArtifactPlace): Promise<void> {
    return place.kind === 'run' ? this.requireRun(caller, place.id) : this.requireModel(caller, place.id);
  }

  /** A version may be registered from what the caller sees; by a run, from what the run left, named by a run, a logged model or an artifact of one. */
  async requireSource(caller: Caller, source: string): Promise<void> {
    const parsed = parseSource(source);
    switch (parsed.kind) {
      case 'run':
        return caller.kind === 'run' ? this.requireRun(caller, parsed.runId) : this.seeRun(caller, parsed.runId);
      case 'logged_model':
        return caller.kind === 'run' ? this.requireModel(caller, parsed.modelId) : this.seeModel(caller, parsed.modelId);
      case 'artifacts':
        return caller.kind === 'run' ? this.requirePlace(caller, parsed.address.place) : this.seeExperiment(caller, parsed.address.place.experimentId);
      case 'version':
      case 'alias':
        this.requireUser(caller, `register '${source}': it does not come from its run`);
        return this.seeRegisteredModel(caller, parsed.name);
      case 'elsewhere':
        return this.requireUser(caller, `register '${source}': it does not come from its run`);
      default:
        return parsed satisfies never;
    }
  }

  /** The project of something new: the one its tag names, otherwise `default`, or the only one that the caller may write to. FORBIDDEN where it may not. */
  projectFor(caller: Caller, what: string, tags: readonly Pair[]): string {
    const asked = tags.findLast(({ key }) => key === PROJECT_TAG)?.value;
    if (caller.kind === 'run') {
      if (asked !== undefined && asked !== caller.project) throw new TrainyardError('FORBIDDEN', { action: `create ${what} in the project '${asked}'` });
      return caller.project;
    }
    const { writes } = caller.reach;
    const project = asked ?? usualProject(caller.reach);
    if (project === undefined) throw new TrainyardError('FORBIDDEN', { action: `create ${what} without saying in which of its projects: ${writes.length === 0 ? 'it has none' : `give it the tag ${PROJECT_TAG}`}` });
    if (!includes(writes, project)) throw new TrainyardError('FORBIDDEN', { action: `create ${what} in the project '${project}'` });
    return project;
  }

  async #isIn(projects: Projects, look: () => Promise<string | undefined>): Promise<boolean> {
    if (projects === 'all') return true;
    const project = await look();
    return project !== undefined && projects.includes(project);
  }

  async #requireWrite(caller: UserCaller, look: () => Promise<string | undefined>): Promise<void> {
    if (!(await this.#isIn(caller.reach.writes, look))) throw new TrainyardError('FORBIDDEN', { action: 'change anything in this project' });
  }

  async #isOwnRun(caller: RunCaller, runId: string): Promise<boolean> {
    if (caller.runId === runId) return true;
    // `creatorRun` is what the server saw, not a tag that a client may set
    return (await this.#store.runs.findInfo(runId))?.creatorRun === caller.runId;
  }

  async #isOwnModel(caller: RunCaller, modelId: string): Promise<boolean> {
    const model = await this.#store.loggedModels.find(modelId);
    return typeof model?.sourceRunId === 'string' && this.#isOwnRun(caller, model.sourceRunId);
  }
}
