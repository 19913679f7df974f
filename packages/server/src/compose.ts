import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { RunnerLimits } from '@trainyard/core/training/runner-order.ts';
import type { FastifyInstance } from 'fastify';
import { Authenticator } from './auth/authenticate.ts';
import { RunTokens } from './auth/run-token.ts';
import { engineLimits, loadEngines } from './compose-engines.ts';
import { composeOnDemand } from './compose-on-demand.ts';
import { hostsOf } from './config/hosts.ts';
import { composeTracking } from './compose-tracking.ts';
import type { Config } from './config/read-config.ts';
import type { OnDemandConfig } from './config/read-on-demand.ts';
import type { Assignment, Engine } from './engines/engine.ts';
import { createApp } from './http/app.ts';
import { createHandlers } from './http/handlers.ts';
import { LogStore } from './logs/log-store.ts';
import { lockDataDir } from './platform/data-dir-lock.ts';
import { Hub } from './platform/hub.ts';
import { KeyFile } from './platform/key-file.ts';
import type { Logger } from './platform/logger.ts';
import { pinoLogger } from './platform/pino-logger.ts';
import { Seal } from './platform/seal.ts';
import { writePrivate } from './platform/write-private.ts';
import { assign } from './scheduler/assign.ts';
import { attemptKey } from './scheduler/handle-run.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import { SnapshotStore } from './snapshots/snapshot-store.ts';
import type { QueueStore, RunRecord } from './stores/runs.ts';
import { type Database, openDatabase } from './stores/sql/database.ts';
import { openStores } from './stores/sql/open-stores.ts';
import { Runs } from './usecases/runs.ts';
import { Secrets } from './usecases/secrets.ts';
import { Tokens } from './usecases/tokens.ts';
import { Trainings } from './usecases/trainings.ts';
import { VERSION } from './version.ts';

/** More files than any source has; an archive with more is an attack. */
const MAX_SOURCE_ENTRIES = 1_000_000;

/** Toolchains a runner of this version has; its own catalog is checked against this by a test. */
const TOOLCHAINS = ['mlflow', 'command', 'notebook'] as const;

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

/** The only place that joins interfaces to implementations. */
export async function compose(config: Config, env: NodeJS.ProcessEnv, onDemand?: OnDemandConfig): Promise<Server> {
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const unlock = lockDataDir(config.dataDir);
  try {
    const database = await openDatabase(config.databaseUrl);
    return await composeOn(database, { config, env, onDemand, unlock });
  } catch (error) {
    unlock();
    throw error;
  }
}

interface Foundation {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  readonly onDemand: OnDemandConfig | undefined;
  readonly unlock: () => void;
}

async function composeOn(database: Database, { config, env, onDemand, unlock }: Foundation): Promise<Server> {
  const now = Date.now;
  const log = pinoLogger(config.logLevel);
  const hub = new Hub();
  const keys = new KeyFile(join(config.dataDir, 'keys.json'));
  const seal = new Seal(keys);
  const stores = openStores(database, now);
  const runTokens = new RunTokens(keys.signingKey);
  const secrets = new Secrets(stores.secrets, seal, now);
  const tokens = new Tokens(stores.tokens, now);
  const logs = new LogStore(join(config.dataDir, 'logs'));
  const snapshots = new SnapshotStore(join(config.dataDir, 'snapshots'), config.uploadLimitBytes);
  const { tracking, transfer, dialect, ...mlflow } = await composeTracking(database, { config, env, launched: stores.runs, seal, newId: newRunId, now, log });
  const engines = await loadEngines({ config, env, onDemand, database, report: (call) => runs.report(call), log });
  let serverUrl = '';
  let wakeScheduler = (): void => undefined;
  const wake = (runId: string): void => {
    hub.notify(`run:${runId}`);
    wakeScheduler();
  };
  const runs = new Runs({ runs: stores.runs, logs, hub, now, wake });
  const trainings = new Trainings({ ...stores, snapshots, known: { engines: [...engines.keys()], toolchains: TOOLCHAINS }, launches: (engine) => engines.get(engine)?.can, newId: newRunId, now, wake });
  const scheduler = createScheduler({
    queue: stores.queue,
    engines,
    runs,
    config,
    changed: (ids) => notifyRuns(hub, ids),
    assign: (run) => assign(run, { secrets, tokens: runTokens, serverUrl: () => config.runnerUrl ?? serverUrl, limits: runnerLimits(config) }),
    now,
    log,
  });
  wakeScheduler = () => scheduler.wake();
  const facts = {
    version: VERSION,
    startedAt: new Date(now()).toISOString(),
    database: database.kind,
    engines: [...engines.values()].map((engine) => ({ name: engine.name, can: { ...engine.can }, limit: engineLimits(config)[engine.name] ?? config.maxRuns })),
    toolchains: [...TOOLCHAINS],
  };
  const handlers = createHandlers({
    trainings,
    runs,
    snapshots,
    secrets,
    tokens,
    tracking,
    transfer,
    health: async () => void (await sql`select 1`.execute(database.read)),
    status: async () => ({ ...facts, runs: Object.fromEntries(Object.entries(await stores.runs.countActive())) }),
  });
  const authenticator = new Authenticator(stores, runTokens, now);
  const app = await createApp({ gate: { authenticator, auth: config.auth, hosts: hostsOf(config) }, handlers, dialects: [dialect], log });
  const onDemandApp = onDemand === undefined ? undefined : await composeOnDemand(onDemand, { config, trainings, runs, snapshots, hub, authenticator, now, log });
  return {
    app,
    onDemand: onDemandApp,
    token: config.auth ? await firstToken(tokens, authenticator, config) : undefined,
    begin: async (url) => {
      serverUrl = url;
      // alone on an embedded database: whoever held a lease is dead
      if (database.kind === 'sqlite') await stores.queue.dropLeases();
      // looked for before anything new is started; what is new is not left over
      const leftOver = await leftOverAttempts(engines, await stores.queue.activeKeys());
      scheduler.start();
      await mlflow.begin();
      for (const { engine, key } of leftOver) reap(engine, key, log);
    },
    close: async () => {
      await onDemandApp?.close();
      await scheduler.stop();
      await mlflow.close();
      for (const engine of engines.values()) await engine.close();
      await app.close();
      await database.close();
      unlock();
    },
  };
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
  readonly now: () => number;
  readonly log: Logger;
}

function createScheduler({ queue, engines, runs, config, assign: assigned, changed, now, log }: SchedulerParts): Scheduler {
  return new Scheduler({
    queue,
    limits: { total: config.maxRuns, perProject: config.maxRunsPerProject, perEngine: engineLimits(config) },
    pace: { lookEveryMs: config.lookEveryMs, missingGraceMs: config.missingGraceMs },
    handle: {
      engine: (name) => engines.get(name),
      assign: assigned,
      collect: (run, engine) => runs.collect({ runId: run.id, attempt: run.attempt }, { logs: (from) => engine.logs(attemptKey(run), from), reports: () => engine.reports(attemptKey(run)) }),
      now,
      log,
    },
    changed,
    ended: (run) => reap(engines.get(run.engine), attemptKey(run), log),
    now,
    log,
  });
}

function runnerLimits(config: Config): RunnerLimits {
  return { logBytes: config.logLimitBytes, sourceBytes: config.sourceLimitBytes, sourceEntries: MAX_SOURCE_ENTRIES, environmentBytes: config.environmentCacheBytes, deliverForMs: config.deliverForMs };
}

function newRunId(): string {
  return randomBytes(16).toString('hex');
}

async function leftOverAttempts(engines: ReadonlyMap<string, Engine>, active: ReadonlySet<string>): Promise<{ engine: Engine; key: string }[]> {
  const found = await Promise.all([...engines.values()].map(async (engine) => (await engine.keys()).map((key) => ({ engine, key }))));
  return found.flat().filter(({ key }) => !active.has(key));
}

/** After the end is on disk; a server that dies before this finds it at its next start. */
function reap(engine: Engine | undefined, key: string, log: Logger): void {
  engine?.reap(key).catch((error: unknown) => log.warn({ key, error }, 'an attempt left something behind'));
}

/** The token the CLI gets: the one that was given, the one of earlier starts, or a new random one. In a private file. */
async function firstToken(tokens: Tokens, authenticator: Authenticator, config: Config): Promise<string> {
  const file = join(config.dataDir, 'token');
  const kept = config.token ?? (existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined);
  if (kept !== undefined && (await isValid(authenticator, kept))) return kept;
  if (config.token !== undefined) {
    await tokens.putFirst(config.token);
    return config.token;
  }
  const { token } = await tokens.create('cli');
  writePrivate(file, `${token}\n`);
  return token;
}

async function isValid(authenticator: Authenticator, token: string): Promise<boolean> {
  try {
    return (await authenticator.identify(token)).kind === 'user';
  } catch {
    // unknown to this database: a new one is made
    return false;
  }
}
