import type { ProjectStore } from '../../projects.ts';
import type { Database } from '../database.ts';
import { among } from '../metrics/among.ts';

export class SqlProjectStore implements ProjectStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async ofExperiment(id: string): Promise<string | undefined> {
    return (await this.#database.read.selectFrom('experiments').select('project').where('id', '=', Number(id)).executeTakeFirst())?.project;
  }

  async ofRun(id: string): Promise<string | undefined> {
    return (await this.#database.read.selectFrom('tracking_runs').innerJoin('experiments', 'experiments.id', 'experiment_id').select('project').where('tracking_runs.id', '=', id).executeTakeFirst())?.project;
  }

  async ofLoggedModel(id: string): Promise<string | undefined> {
    return (await this.#database.read.selectFrom('logged_models').innerJoin('experiments', 'experiments.id', 'experiment_id').select('project').where('logged_models.id', '=', id).executeTakeFirst())?.project;
  }

  async ofRegisteredModel(name: string): Promise<string | undefined> {
    return (await this.#database.read.selectFrom('registered_models').select('project').where('name', '=', name).executeTakeFirst())?.project;
  }

  async experimentsIn(projects: readonly string[], ids: readonly string[]): Promise<string[]> {
    if (projects.length === 0 || ids.length === 0) return [];
    const { kind, read } = this.#database;
    const rows = await read.selectFrom('experiments').select('id').where(among(kind, 'experiments.id', ids.map(Number))).where(among(kind, 'experiments.project', projects)).execute();
    return rows.map((row) => String(row.id));
  }

  async runsIn(projects: readonly string[], ids: readonly string[]): Promise<string[]> {
    if (projects.length === 0 || ids.length === 0) return [];
    const { kind, read } = this.#database;
    const rows = await read.selectFrom('tracking_runs').innerJoin('experiments', 'experiments.id', 'experiment_id').select('tracking_runs.id as id').where(among(kind, 'tracking_runs.id', ids)).where(among(kind, 'experiments.project', projects)).execute();
    return rows.map((row) => row.id);
  }
}
