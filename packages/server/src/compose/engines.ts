import { join } from 'node:path';
import { isTrainyardError, TrainyardError } from '@trainyard/core/errors.ts';
import type { Config } from '../config/read-config.ts';
import { type DatabricksSettings, workspaceUrl } from '../config/read-databricks.ts';
import type { OnDemandConfig } from '../config/read-on-demand.ts';
import { SETTINGS } from '../config/schema.ts';
import { runnerEnvironment } from '../config/runner-environment.ts';
import { type EngineConfigs, type EngineName, ENGINES } from '../engines/catalog.ts';
import type { Engine } from '../engines/engine.ts';
import { RunnerBundle, runnerFile } from '../engines/runner-program.ts';
import type { Logger } from '../platform/logger.ts';
import { AllowList, plainName } from '../platform/outbound/allow-list.ts';
import { OutboundHttp } from '../platform/outbound/outbound-http.ts';
import type { Seal } from '../platform/seal.ts';
import type { ReportCall } from '../stores/runs.ts';
import type { Database } from '../stores/sql/database.ts';
import { SqlAttemptBook } from '../stores/sql/trainings/engine-attempts.ts';
import type { NotNoted } from '../usecases/tracking/note-parameters.ts';

export interface EngineParts {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  readonly onDemand: OnDemandConfig | undefined;
  readonly database: Database;
  /** Takes reports of engines that start no runner; not called before the first attempt. */
  readonly report: (call: ReportCall) => Promise<unknown>;
  /** Notes the hyperparameters of a run that has no runner; answers the names that could not be. */
  readonly noteParameters: (runId: string) => Promise<NotNoted>;
  readonly seal: Seal;
  readonly log: Logger;
}

/** Between two looks at all runs of a workspace. */
const DATABRICKS_LOOK_EVERY_MS = 3_000;
const DATABRICKS_CALL_TIMEOUT_MS = 30_000;

/** The engines that the configuration names, by name. Throws INVALID_SETTING when it names two workspaces. */
export async function loadEngines(parts: EngineParts): Promise<Map<string, Engine>> {
  const { config, env } = parts;
  const databricks = databricksParts(parts);
  const configs: EngineConfigs = {
    local: { attemptsDir: join(config.dataDir, 'attempts'), cacheDir: join(config.dataDir, 'cache'), runnerFile: runnerFile(), env: runnerEnvironment(env) },
    databricks,
  };
  const names: EngineName[] = ['local', ...(databricks === undefined ? [] : (['databricks'] as const))];
  const loaded = await Promise.all(names.map((name) => ENGINES[name](configs)));
  return new Map(loaded.map((engine) => [engine.name, engine]));
}

/** Attempts at the same time, by engine. */
export function engineLimits(config: Config): Readonly<Record<string, number>> {
  return { local: config.maxLocalRuns, databricks: config.maxDatabricksRuns };
}

function databricksParts({ config, onDemand, database, report, noteParameters, seal, log }: EngineParts): EngineConfigs['databricks'] {
  const settings = oneWorkspace(config.databricks, workspaceOf(onDemand));
  if (settings === undefined) return undefined;
  const bundle = new RunnerBundle();
  const noteOrWarn = async (runId: string): Promise<void> => {
    try {
      const { refused, omitted } = await noteParameters(runId);
      if (refused.length + omitted > 0) log.warn({ runId, refused, omitted }, 'parameters of a run could not be noted');
    } catch (error) {
      // somebody deleted the MLflow run, say: nothing can be noted on it, and that is no reason to report nothing
      if (!isTrainyardError(error) || error.kind === 'unavailable') throw error;
      log.warn({ runId, error }, 'the parameters of a run could not be noted');
    }
  };
  return {
    config: { ...settings, lookEveryMs: DATABRICKS_LOOK_EVERY_MS, callTimeoutMs: DATABRICKS_CALL_TIMEOUT_MS },
    // named by an administrator: it may lie in a private network, and nothing else may be called this way
    outbound: new OutboundHttp({ allow: new AllowList([...config.outboundAllow, plainName(new URL(settings.url).hostname)]) }),
    book: new SqlAttemptBook(database, 'databricks'),
    deliver: async ({ key, ...delivery }) => {
      const [runId = '', attempt] = key.split('-');
      const begins = delivery.reports.some((one) => one.kind === 'step' && one.step === 'train' && one.state === 'running');
      if (begins && !delivery.besideRunner) await noteOrWarn(runId);
      await report({ runId, attempt: Number(attempt), ...delivery });
    },
    runner: () => bundle.bytes(),
    seal,
    chance: Math.random,
    log,
  };
}

/** A cluster, a token and a notebook of one workspace mean nothing in another. Of one workspace both may be named; a service principal then stands for the token, too. */
function oneWorkspace(named: DatabricksSettings | undefined, ofOnDemand: DatabricksSettings | undefined): DatabricksSettings | undefined {
  if (named === undefined || ofOnDemand === undefined) return named ?? ofOnDemand;
  const wrong = (setting: string, problem: string): TrainyardError => new TrainyardError('INVALID_SETTING', { setting, problem: `${problem}; one server trains in one workspace: leave out the TRAINYARD_DATABRICKS_… settings, or give both the same` });
  if (named.url !== ofOnDemand.url) throw wrong(SETTINGS.databricksUrl.env, `it names ${named.url}, and DATABRICKS_WORKSPACE_URL names ${ofOnDemand.url}`);
  if ('token' in named.credentials && 'token' in ofOnDemand.credentials && named.credentials.token !== ofOnDemand.credentials.token) throw wrong(SETTINGS.databricksToken.env, 'it is another token than DATABRICKS_AUTH_TOKEN');
  return named;
}

/** The on-demand service brings its workspace in variables of its own. */
function workspaceOf(onDemand: OnDemandConfig | undefined): DatabricksSettings | undefined {
  const { workspace } = onDemand ?? {};
  // with NODE_ENV=test it is not checked, and may be empty
  if (workspace === undefined || workspace.url === '' || workspace.token === '') return undefined;
  return { url: workspaceUrl('DATABRICKS_WORKSPACE_URL', workspace.url), credentials: { token: workspace.token }, cluster: workspace.clusterId === '' ? 'serverless' : { existing: workspace.clusterId } };
}
