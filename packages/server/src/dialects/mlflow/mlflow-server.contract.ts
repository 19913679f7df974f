import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EVERYTHING } from '@trainyard/core/access/reach.ts';
import { ADMIN_EVERYWHERE } from '@trainyard/core/access/roles.ts';
import { aSpec } from '@trainyard/testkit/builders.ts';
import { silentLogger } from '@trainyard/testkit/silent-logger.ts';
import fastify, { type FastifyInstance } from 'fastify';
import type { ArtifactStore } from '../../artifacts/artifact-store.ts';
import { openLocalArtifacts } from '../../artifacts/local/store.ts';
import { composeWebhooks } from '../../compose/webhooks.ts';
import type { Identity } from '../../http/identity.ts';
import { KeyFile } from '../../platform/key-file.ts';
import { Seal } from '../../platform/seal.ts';
import { type Database, openDatabase } from '../../stores/sql/database.ts';
import { ensureExperiment, insertManagedRuns, startManagedRun } from '../../stores/sql/tracking/managed-runs.ts';
import { SqlProjectStore } from '../../stores/sql/people/projects.ts';
import { openTrackingStore } from '../../stores/sql/tracking/store.ts';
import type { LaunchedRun } from '../../usecases/registry/run-lineage.ts';
import { type Caller, Rights } from '../../usecases/tracking/authorize.ts';
import { KnownProjects } from '../../usecases/tracking/known-projects.ts';
import { createTracking, type Tracking } from '../../usecases/tracking/tracking.ts';
import { mlflowDialect } from './dialect.ts';

/** A caller who sees and may change everything. */
export const ADMIN: Caller = { kind: 'user', name: 'ann', reach: EVERYTHING };

export interface MlflowServer {
  readonly app: FastifyInstance;
  readonly tracking: Tracking;
  readonly database: Database;
  /** Every access a route declares, by method and URL. */
  readonly routes: readonly { readonly method: string; readonly url: string; readonly access: unknown }[];
  /** A run that Trainyard launched, RUNNING; `Bearer run:<id>` is its token. */
  launch(): Promise<string>;
  close(): Promise<void>;
}

/** A server for tests that speaks nothing but MLflow: SQLite, local artifacts, a gate where `Bearer run:<id>` is a run's token and any other one a user's. */
export async function openMlflowServer(options: { readonly maxArtifactBytes?: number; readonly artifacts?: ArtifactStore; readonly outboundAllow?: readonly string[] } = {}): Promise<MlflowServer> {
  const dir = mkdtempSync(join(tmpdir(), 'trainyard-mlflow-'));
  const database = await openDatabase(`sqlite://${dir}/trainyard.db`);
  const artifacts = options.artifacts ?? await openLocalArtifacts(join(dir, 'artifacts'), { maxBytes: options.maxArtifactBytes ?? 1_000_000_000 });
  const launched = new Map<string, LaunchedRun>();
  const newId = () => randomBytes(16).toString('hex');
  const store = openTrackingStore(database);
  const rights = new Rights(store, new KnownProjects(new SqlProjectStore(database)));
  const { registry, webhooks } = composeWebhooks({ database, rights, seal: new Seal(new KeyFile(join(dir, 'keys.json'))), outboundAllow: options.outboundAllow ?? [], now: Date.now, log: silentLogger });
  const tracking = createTracking({ store, rights, registry, artifacts, launched: { find: async (id) => launched.get(id) }, now: Date.now, newId, workingDirectory: '/srv' });
  const routes: { method: string; url: string; access: unknown }[] = [];
  const app = fastify();
  app.decorateRequest('identity');
  app.addHook('onRoute', (route) => {
    for (const method of [route.method].flat()) routes.push({ method, url: route.url, access: route.config?.access });
  });
  app.addHook('onRequest', async (request) => {
    request.identity = identityOf(request.headers.authorization);
    request.audited = {};
  });
  const dialect = mlflowDialect(tracking, webhooks);
  await app.register(async (instance) => dialect.register(instance));
  return {
    app,
    tracking,
    database,
    routes,
    async launch() {
      const id = newId();
      launched.set(id, { id, number: 1, trainingId: 'wine', project: 'default', attempt: 1, facts: { commit: 'abc' }, spec: aSpec({ hyperParameters: { alpha: '0.1' } }) });
      const experimentId = await database.write((trx) => ensureExperiment(trx, { name: 'launched', project: 'default' }, Date.now()));
      await database.write((trx) => insertManagedRuns(trx, [{ id, experimentId, name: 'launched', userId: 'ann', startTime: Date.now(), tags: {} }]));
      await database.write((trx) => startManagedRun(trx, id, Date.now()));
      return id;
    },
    async close() {
      await app.close();
      await database.close();
      rmSync(dir, { recursive: true });
    },
  };
}

function identityOf(authorization: string | undefined): Identity {
  const runId = /^Bearer run:(\w+)$/.exec(authorization ?? '')?.[1];
  return runId === undefined ? { kind: 'user', tokenId: 't', name: 'ann', roles: ADMIN_EVERYWHERE } : { kind: 'run', tokenId: 't', runId, attempt: 1, project: 'default' };
}
