import type { ProjectStore } from '../../stores/projects.ts';

const MAX_KNOWN = 10_000;

/**
 * The projects of experiments, runs and logged models, which never change: whoever logs a metric a second to the same run has
 * its project looked up once. Registered models can be renamed and deleted, and are looked up each time.
 */
export class KnownProjects {
  readonly #store: ProjectStore;
  readonly #known = new Map<string, string>();

  constructor(store: ProjectStore) {
    this.#store = store;
  }

  ofExperiment(id: string): Promise<string | undefined> {
    return this.#find(`experiment ${id}`, () => this.#store.ofExperiment(id));
  }

  ofRun(id: string): Promise<string | undefined> {
    return this.#find(`run ${id}`, () => this.#store.ofRun(id));
  }

  ofLoggedModel(id: string): Promise<string | undefined> {
    return this.#find(`model ${id}`, () => this.#store.ofLoggedModel(id));
  }

  ofRegisteredModel(name: string): Promise<string | undefined> {
    return this.#store.ofRegisteredModel(name);
  }

  experimentsIn(projects: readonly string[], ids: readonly string[]): Promise<string[]> {
    return this.#store.experimentsIn(projects, ids);
  }

  runsIn(projects: readonly string[], ids: readonly string[]): Promise<string[]> {
    return this.#store.runsIn(projects, ids);
  }

  async #find(key: string, look: () => Promise<string | undefined>): Promise<string | undefined> {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const project = await look();
    if (project === undefined) return undefined;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(key, project);
    return project;
  }
}
