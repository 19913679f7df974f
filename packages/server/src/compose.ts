import { join } from 'node:path';
import { sql } from 'kysely';
import type { Launches } from '@trainyard/core/training/launch.ts';
import type { RunnerLimits } from '@trainyard/core/training/runner-order.ts';
import type { FastifyInstance } from 'fastify';
import { RunTokens } from './auth/run-token.ts';
import { composeConnections } from './compose/connections.ts';
import { engineLimits, loadEngines } from './compose/engines.ts';
import { firstToken } from './compose/first-token.ts';
import { leftOverAttempts } from './compose/left-over-attempts.ts';
import { composeOdahu } from './compose/odahu.ts';
import { composePeople } from './compose/people.ts';
import { composeOnDemand } from './compose/on-demand.ts';
import { hostsOf } from './config/hosts.ts';
import { isLoopback } from './config/loopback.ts';
import { composeTelemetry, reportEnd, reportStopped } from './compose/telemetry.ts';
import { composeTracking } from './compose/tracking.ts';
import type { Config } from './config/read-config.ts';
import { runnerEnvironment } from './config/runner-environment.ts';
import type { OnDemandConfig } from './config/read-on-demand.ts';
import type { TelemetrySettings } from './config/read-telemetry.ts';
import type { Assignment, Engine } from './engines/engine.ts';
import { createApp } from './http/app.ts';
import { createHandlers } from './http/handlers.ts';
import { LogStore } from './logs/log-store.ts';
import { openDataDir } from './platform/data-dir-lock.ts';
import { Hub } from './platform/hub.ts';
import { KeyFile } from './platform/key-file.ts';
import type { Logger } from './platform/logger.ts';
import { orderedId } from './platform/ordered-id.ts';
import { pinoLogger } from './platform/pino-logger.ts';
import { Seal } from './platform/seal.ts';
import { assign } from './scheduler/assign.ts';
import { attemptKey } from './scheduler/handle-run.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import { SnapshotStore } from './snapshots/snapshot-store.ts';
import type { QueueStore, RunRecord } from './stores/runs.ts';
import { type Database, openDatabase } from './stores/sql/database.ts';
import { openStores } from './stores/sql/open-stores.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import { Runs } from './usecases/runs.ts';
import { Secrets } from './usecases/secrets.ts';
import { Tokens } from './usecases/tokens.ts';
import { ToolchainIntegrations } from './usecases/toolchain-integrations.ts';
import { Trainings } from './usecases/trainings.ts';
import { VERSION } from './version.ts';

/** More files than any source has; an archive with more is an attack. */
const MAX_SOURCE_ENTRIES = 1_000_000;
const MAX_DATA_ENTRIES = 10_000_000;
/** The limit of a log is kept by its runner, which may still write lines of its own; beyond these it is not our runner that sends. */
const RUNNER_LINES_BYTES = 1024 * 1024;

/** Toolchains a runner of this version has; its own catalog is checked against this by a test. */
const TOOLCHAINS = ['mlflow', 'mlflow-project', 'command', 'notebook'] as const;

export interface Server {
  readonly app: FastifyInstance;
  /** The on-demand service, for a listener of its own; undefined when it is not configured. */
  readonly onDemand: FastifyInstance | undefined;
  /** The token the CLI is handed; undefined when none is asked for. */
  readonly token: string | undefined;
  /** Once it listens: starts scheduling. `url` is where runners reach it unless the configuration says otherwise. */
  begin(url: string): Promise<void>;
  close(): Promise<void>;
}

/** What is asked for by variables of its own, beside the settings. */
export interface Extras {
  readonly onDemand?: OnDemandConfig | undefined;
  readonly telemetry?: TelemetrySettings | undefined;
}

/** The only place that joins interfaces to implementations. */
export async function compose(config: Config, env: NodeJS.ProcessEnv, extras: Extras = {}): Promise<Server> {
  const unlock = openDataDir(config.dataDir);
  try {
    const database = await openDatabase(config.databaseUrl);
    return await composeOn(database, { config, env, extras, unlock });
  } catch (error) {
    unlock();
    throw error;
  }
}

interface Foundation {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  readonly extras: Extras;
  readonly unlock: () => void;
}

async function composeOn(database: Database, { config, env, extras: { onDemand, telemetry: told }, unlock }: Foundation): Promise<Server> {
  const now = Date.now;
  const newId = () => orderedId(now());
  const log = pinoLogger(config.logLevel);
  const hub = new Hub();
  const keys = new KeyFile(join(config.dataDir, 'keys.json'));
  const seal = new Seal(keys);
  const stores = openStores(database, now);
  const telemetry = await composeTelemetry(told, { config, runs: stores.runs, log });
  const runTokens = new RunTokens(keys.signingKey);
  const secrets = new Secrets(stores.secrets, seal, now);
  const tokens = new Tokens(stores.tokens, now);
  const people = composePeople({ stores, config, runTokens, now, log });
  const { authenticator, audit } = people;
  const connections = composeConnections({ stores, seal, env: runnerEnvironment(env), outboundAllow: config.outboundAllow, localRoots: config.localRoots, log });
  const integrations = new ToolchainIntegrations(stores.toolchains);
  const logs = new LogStore(join(config.dataDir, 'logs'), config.logLimitBytes + RUNNER_LINES_BYTES);
  const snapshots = new SnapshotStore(join(config.dataDir, 'snapshots'), config.uploadLimitBytes);
  const { tracking, transfer, dialect, ...mlflow } = await composeTracking(database, { config, env, launched: stores.runs, seal, newId, now, log });
  const engines = await loadEngines({ config, env, onDemand, database, report: (call) => runs.report(call), noteParameters: async (runId) => tracking.noteParameters(await stores.runs.find(runId)), seal, log });
  let serverUrl = '';
  let wakeScheduler = (): void => undefined;
  const wake = (runId: string): void => {
    hub.notify(`run:${runId}`);
    wakeScheduler();
  };
  const runs = new Runs({ runs: stores.runs, logs, hub, now, wake, ended: (run) => reportStopped(telemetry, run) });
  const trainings = new Trainings({ ...stores, connections, integrations, snapshots, known: { engines: [...engines.keys()], toolchains: TOOLCHAINS, nodePools: config.nodePools }, launches: (engine) => launchesOf(engines.get(engine), config.runnerUrl ?? serverUrl), newId, now, wake });
  const scheduler = createScheduler({
    queue: stores.queue,
    engines,
    runs,
    config,
    changed: (ids) => notifyRuns(hub, ids),
    telemetry,
    assign: (run) => assign(run, { secrets, connections, integrations, toolchains: TOOLCHAINS, tokens: runTokens, serverUrl: () => config.runnerUrl ?? serverUrl, limits: runnerLimits(config), localRoots: config.localRoots }),
    now,
    log,
  });
  wakeScheduler = () => scheduler.wake();
  const facts = { ...whatRuns(engines, config), startedAt: new Date(now()).toISOString(), database: database.kind };
  const handlers = createHandlers({
    trainings, runs, connections, integrations, snapshots, secrets, tokens, tracking, transfer, audit,
    health: async () => void (await sql`select 1`.execute(database.read)),
    status: async (within) => ({ ...facts, runs: Object.fromEntries(Object.entries(await runs.countActive(within))) }),
  });
  const odahu = composeOdahu({ connections, toolchains: integrations, trainings, runs, engines: [...engines.keys()], now, log }, config);
  const app = await createApp({ gate: { authenticator, auth: config.auth, hosts: hostsOf(config), loginUrl: people.loginUrl }, audit, handlers, dialects: [dialect, odahu], telemetry, log });
  const onDemandApp = onDemand === undefined ? undefined : await composeOnDemand(onDemand, { config, trainings, runs, snapshots, hub, authenticator, audit, now, telemetry, log });
  return {
    app,
    onDemand: onDemandApp,
    token: config.auth ? await firstToken({ tokens, authenticator, config }) : undefined,
    begin: async (url) => {
      serverUrl = url;
      // alone on an embedded database: whoever held a lease is dead
      if (database.kind === 'sqlite') await stores.queue.dropLeases();
      const leftOver = await leftOverAttempts(engines.values(), stores.queue);
      scheduler.start();
      await mlflow.begin();
      people.begin();
      for (const { engine, key } of leftOver) reap(engine, key, log);
    },
    close: async () => {
      await onDemandApp?.close();
      await scheduler.stop();
      await mlflow.close();
      for (const engine of engines.values()) await engine.close();
      await app.close();
      await telemetry.close();
      await people.close();
      await database.close();
      unlock();
    },
  };
}

/** Of a server what does not change while it runs. */
function whatRuns(engines: ReadonlyMap<string, Engine>, config: Config) {
  const known = [...engines.values()].map(({ name, can }) => ({ name, can: { ...can }, limit: engineLimits(config)[name] ?? config.maxRuns }));
  return { version: VERSION, engines: known, toolchains: [...TOOLCHAINS] };
}

/** What an engine takes as this server stands: runners on other machines do not reach a server that listens for its own alone. */
function launchesOf(engine: Engine | undefined, runnerUrl: string): Launches | undefined {
  if (engine === undefined) return undefined;
  const outOfReach = engine.can.remoteRunners && URL.canParse(runnerUrl) && isLoopback(new URL(runnerUrl).hostname);
  return { ...engine.can, ...(outOfReach ? { serverOutOfReach: runnerUrl } : {}) };
}

function notifyRuns(hub: Hub, ids: Iterable<string>): void {
  for (const id of ids) for (const topic of [`run:${id}`, `log:${id}`]) hub.notify(topic);
}

interface SchedulerParts {
  readonly queue: QueueStore;
  readonly engines: ReadonlyMap<string, Engine>;
  readonly runs: Runs;
  readonly config: Config;
  readonly assign: (run: RunRecord) => Promise<Assignment>;
  readonly changed: (runIds: Iterable<string>) => void;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  readonly log: Logger;
}

function createScheduler({ queue, engines, runs, config, assign: assigned, changed, telemetry, now, log }: SchedulerParts): Scheduler {
  return new Scheduler({
    queue,
    limits: { total: config.maxRuns, perProject: config.maxRunsPerProject, perEngine: engineLimits(config) },
    pace: { lookEveryMs: config.lookEveryMs, missingGraceMs: config.missingGraceMs },
    handle: {
      engine: (name) => engines.get(name),
      assign: assigned,
      collect: (run, engine, signal) => runs.collect({ runId: run.id, attempt: run.attempt }, { logs: (from) => engine.logs(attemptKey(run), from), reports: () => engine.reports(attemptKey(run)) }, signal),
      note: (run, message) => runs.note({ runId: run.id, attempt: run.attempt }, message),
      now,
      log,
    },
    changed,
    ended: (run, change) => {
      reportEnd(telemetry, run, { change, now: now() });
      reap(engines.get(run.engine), attemptKey(run), log);
    },
    now,
    log,
  });
}

function runnerLimits(config: Config): RunnerLimits {
  return { logBytes: config.logLimitBytes, sourceBytes: config.sourceLimitBytes, sourceEntries: MAX_SOURCE_ENTRIES, dataBytes: config.dataLimitBytes, dataEntries: MAX_DATA_ENTRIES, environmentBytes: config.environmentCacheBytes, deliverForMs: config.deliverForMs };
}

/** After the end is on disk; a server that dies before this finds it at its next start. */
function reap(engine: Engine | undefined, key: string, log: Logger): void {
  engine?.reap(key).catch((error: unknown) => log.warn({ key, error }, 'an attempt left something behind'));
}
