import { openArtifactStore } from '../artifacts/catalog.ts';
import { composeWebhooks } from './webhooks.ts';
import type { Config } from '../config/read-config.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { mlflowDialect } from '../dialects/mlflow/dialect.ts';
import type { Logger } from '../platform/logger.ts';
import type { Seal } from '../platform/seal.ts';
import type { Database } from '../stores/sql/database.ts';
import { SqlProjectStore } from '../stores/sql/people/projects.ts';
import { latestMetricsOf, paramsOf } from '../stores/sql/tracking/managed-runs.ts';
import { openTrackingStore } from '../stores/sql/tracking/store.ts';
import { openTransferStore } from '../stores/sql/transfer/store.ts';
import type { LaunchedRuns } from '../usecases/registry/run-lineage.ts';
import { RunTracking } from '../usecases/run-tracking.ts';
import { Rights } from '../usecases/tracking/authorize.ts';
import { KnownProjects } from '../usecases/tracking/known-projects.ts';
import { SilentRuns } from '../usecases/tracking/silent-runs.ts';
import { createTracking } from '../usecases/tracking/tracking.ts';
import { Transfer } from '../usecases/transfer/transfer.ts';

interface TrackingParts {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  readonly launched: LaunchedRuns;
  readonly seal: Seal;
  readonly newId: () => string;
  readonly now: () => number;
  readonly log: Logger;
}

export interface ComposedTracking {
  readonly tracking: RunTracking;
  readonly transfer: Transfer;
  readonly dialect: Dialect;
  /** Starts what works on its own: webhooks are delivered, silent runs are ended. */
  begin(): Promise<void>;
  close(): Promise<void>;
}

/** Joins MLflow's side: tracking, registry, artifacts, and moving them in and out. */
export async function composeTracking(database: Database, { config, env, launched, seal, newId, now, log }: TrackingParts): Promise<ComposedTracking> {
  const artifacts = await openArtifactStore({
    location: config.artifacts,
    dataDir: config.dataDir,
    maxBytes: config.artifactLimitBytes,
    endpoint: config.artifactsEndpoint,
    region: config.artifactsRegion,
    pathStyle: config.artifactsPathStyle,
    direct: config.directTransfers,
    env,
  });
  const store = openTrackingStore(database, now);
  const rights = new Rights(store, new KnownProjects(new SqlProjectStore(database)));
  const webhooks = composeWebhooks({ database, rights, seal, outboundAllow: config.outboundAllow, now, log });
  const silentRuns = new SilentRuns({ runs: store.runs, silentMs: config.silentRunMs, now, log });
  const tracking = createTracking({ store, rights, registry: webhooks.registry, artifacts, launched, now, newId, workingDirectory: process.cwd() });
  return {
    tracking: new RunTracking({ tracking, paramsOf: (id) => paramsOf(database.read, id), metricsOf: (id) => latestMetricsOf(database, id) }),
    transfer: new Transfer({ store: openTransferStore({ database, runs: store.runs, now }), tracking: store, artifacts }),
    dialect: mlflowDialect(tracking, webhooks.webhooks),
    async begin() {
      silentRuns.start();
      await webhooks.begin();
    },
    async close() {
      await silentRuns.stop();
      await webhooks.close();
    },
  };
}
