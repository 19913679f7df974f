import type { Tally } from '@trainyard/core/tracking/records/tally.ts';
import type { LeftOut } from '../record-source.ts';
import type { Context } from './context.ts';
import { type Clause, within } from './scope.ts';
import { whole } from './sql-reader.ts';

/** Counts everything that will be brought, in the database itself: what is read later is compared with it. */
export async function countAll({ reader, schema, scope }: Context): Promise<Tally> {
  const count = async (from: string, clause: Clause): Promise<number> => whole((await reader.all(`select count(*) as n from ${from} where ${clause.text}`, clause.values))[0] ?? {}, 'n');
  const ofRuns = (column: string): Clause => ({ text: `${column} in (select run_uuid from runs where ${scope.inExperiments.text})`, values: scope.inExperiments.values });
  const ofModels: Clause = { text: `model_id in (select model_id from logged_models where ${scope.inExperiments.text} and lifecycle_stage = 'active')`, values: scope.inExperiments.values };
  const ofVersions = within(`exists (select 1 from model_versions where model_versions.name = t.name and model_versions.version = t.version${schema.hasWorkspaces ? ' and model_versions.workspace = t.workspace' : ''} and `, scope.versions);
  const ofRegistered = within(`exists (select 1 from registered_models where registered_models.name = t.name${schema.hasWorkspaces ? ' and registered_models.workspace = t.workspace' : ''} and `, scope.models);
  const links: Clause = { text: `source_type in ('RUN_INPUT', 'RUN_OUTPUT') and ${ofRuns('source_id').text}`, values: scope.inExperiments.values };
  const logged = schema.hasLoggedModels;
  const runTags = await count('tags', ofRuns('run_uuid'));
  const runParams = await count('params', ofRuns('run_uuid'));
  return {
    experiments: await count('experiments', scope.experiments),
    datasets: await count('datasets', scope.inExperiments),
    runs: await count('runs', scope.inExperiments),
    params: runParams + (logged ? await count('logged_model_params', ofModels) : 0),
    tags: runTags + (await count('experiment_tags', scope.inExperiments)) + (logged ? await count('logged_model_tags', ofModels) : 0) + (await count('registered_model_tags t', ofRegistered)) + (await count('model_version_tags t', ofVersions)),
    metrics: await count('latest_metrics', ofRuns('run_uuid')),
    points: await count('metrics', ofRuns('run_uuid')),
    datasetUses: await count('inputs', { text: `source_type = 'DATASET' and destination_type = 'RUN' and ${ofRuns('destination_id').text}`, values: scope.inExperiments.values }),
    modelLinks: await count('inputs', links),
    loggedModels: logged ? await count('logged_models', { text: `${scope.inExperiments.text} and lifecycle_stage = 'active'`, values: scope.inExperiments.values }) : 0,
    modelPoints: logged ? await count('logged_model_metrics', ofModels) : 0,
    registeredModels: await count('registered_models', scope.models),
    modelVersions: await count('model_versions', scope.versions),
    aliases: await count('registered_model_aliases t', ofVersions),
  };
}

const PROMPTS = "key = 'mlflow.prompt.is_prompt' and lower(value) = 'true'";

/** Tables of what Trainyard has no place for, and what to call it. */
const OTHERS: readonly (readonly [table: string, what: string])[] = [
  ['trace_info', 'traces'],
  ['assessments', 'assessments'],
  ['evaluation_datasets', 'evaluation datasets'],
  ['scorers', 'scorers'],
  ['webhooks', 'webhooks'],
  ['endpoints', 'gateway endpoints'],
  ['mcp_servers', 'MCP servers'],
];

/** What stays where it is, by name. */
export async function leftOut({ reader, schema, scope }: Context): Promise<LeftOut[]> {
  const found: LeftOut[] = [];
  const add = async (what: string, why: string, from: string, values: Clause['values'] = []): Promise<void> => {
    const count = whole((await reader.all(`select count(*) as n from ${from}`, values))[0] ?? {}, 'n');
    if (count > 0) found.push({ what, count, why });
  };
  for (const [table, what] of OTHERS) if ((await reader.columns(table)).size > 0) await add(what, 'Trainyard does not keep them', table);
  await add('prompts', 'Trainyard does not keep them', `registered_model_tags where ${PROMPTS}`);
  if (schema.hasLoggedModels) await add('deleted logged models', 'nobody can restore them, in MLflow neither', `logged_models where lifecycle_stage <> 'active' and ${scope.inExperiments.text}`, scope.inExperiments.values);
  if (schema.hasWorkspaces) await add('experiments of other workspaces', 'choose one with --workspace', `experiments where not (${scope.inWorkspace('experiments').text})`, scope.inWorkspace('experiments').values);
  await add('versions that are not READY', 'they come as versions like others', `model_versions where status <> 'READY' and current_stage <> 'Deleted_Internal'`);
  return found;
}
