/** To which project things of MLflow's side belong. What is not there belongs to none. */
export interface ProjectStore {
  ofExperiment(id: string): Promise<string | undefined>;
  ofRun(id: string): Promise<string | undefined>;
  /** A deleted one still belongs to its project. */
  ofLoggedModel(id: string): Promise<string | undefined>;
  ofRegisteredModel(name: string): Promise<string | undefined>;
  /** Those of the experiments that are in one of the projects. */
  experimentsIn(projects: readonly string[], ids: readonly string[]): Promise<string[]>;
  /** Those of the runs that are in one of the projects. */
  runsIn(projects: readonly string[], ids: readonly string[]): Promise<string[]>;
}
