import type { ForeignSchema } from './schema.ts';
import { marks, type Value } from './sql-reader.ts';

/** A condition and its parameters. */
export interface Clause {
  readonly text: string;
  readonly values: readonly Value[];
}

/** Which part of a database is brought over, as conditions with the names of their tables. */
export interface Scope {
  /** On `experiments`. */
  readonly experiments: Clause;
  /** Behind `experiment_id`, of any table. */
  readonly inExperiments: Clause;
  /** On `registered_models`; prompts, which MLflow keeps there too, are none. */
  readonly models: Clause;
  /** On `model_versions`. */
  readonly versions: Clause;
  /** On a table of the registry. */
  inWorkspace(table: string): Clause;
}

const ALL: Clause = { text: '1 = 1', values: [] };

export function scopeOf(schema: Pick<ForeignSchema, 'hasWorkspaces'>, { experiments: names, workspace }: { readonly experiments: readonly string[] | undefined; readonly workspace: string }): Scope {
  const inWorkspace = (table: string): Clause => (schema.hasWorkspaces ? { text: `${table}.workspace = ?`, values: [workspace] } : ALL);
  const experiments = both(inWorkspace('experiments'), names === undefined ? ALL : { text: `experiments.name in (${marks(names)})`, values: names });
  const inExperiments: Clause = { text: `experiment_id in (select experiments.experiment_id from experiments where ${experiments.text})`, values: experiments.values };
  const noPrompt = (table: string): Clause => within(`not exists (select 1 from registered_model_tags p where p.name = ${table}.name and p.key = 'mlflow.prompt.is_prompt' and lower(p.value) = 'true' and `, inWorkspace('p'));
  const fromRuns = names === undefined ? ALL : within('model_versions.run_id in (select run_uuid from runs where ', inExperiments);
  const versions = [inWorkspace('model_versions'), noPrompt('model_versions'), { text: "model_versions.current_stage <> 'Deleted_Internal'", values: [] }, fromRuns].reduce(both);
  const models = [inWorkspace('registered_models'), noPrompt('registered_models'), names === undefined ? ALL : within('registered_models.name in (select model_versions.name from model_versions where ', versions)].reduce(both);
  return { experiments, inExperiments, models, versions, inWorkspace };
}

function both(a: Clause, b: Clause): Clause {
  return { text: `${a.text} and ${b.text}`, values: [...a.values, ...b.values] };
}

/** A clause inside of a parenthesis that `before` opens. */
export function within(before: string, { text, values }: Clause): Clause {
  return { text: `${before}${text})`, values };
}
