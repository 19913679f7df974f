import type { Actor } from '@trainyard/core/access/reach.ts';
import type { Grant } from '@trainyard/core/access/roles.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { toSpecBody, toTrainingSpec } from '@trainyard/api/schemas/training.ts';
import type { SnapshotStore } from '../snapshots/snapshot-store.ts';
import type { AuditLog } from '../usecases/audit.ts';
import type { Connections } from '../usecases/connections.ts';
import type { RunTracking } from '../usecases/run-tracking.ts';
import type { Runs } from '../usecases/runs.ts';
import type { Secrets } from '../usecases/secrets.ts';
import type { Tokens } from '../usecases/tokens.ts';
import type { ToolchainIntegrations } from '../usecases/toolchain-integrations.ts';
import type { Trainings } from '../usecases/trainings.ts';
import type { Transfer } from '../usecases/transfer/transfer.ts';
import { auditHandlers } from './audit/audit-list.ts';
import { bytesOf } from './body-bytes.ts';
import { connectionHandlers, toolchainHandlers } from './connections.ts';
import { byName, byNumber, byUpdate, pageOf } from './cursor.ts';
import { actorOf, callerOf, type Identity } from './identity.ts';
import type { Handlers } from './mount.ts';
import { streamEvents, streamLog, streamLogEvents } from './streams.ts';
import { transferHandlers } from './transfer.ts';
import { attemptView, bucketView, runView, timeText, trainingView } from './views.ts';

export interface HandlerParts {
  readonly trainings: Trainings;
  readonly runs: Runs;
  readonly connections: Connections;
  readonly integrations: ToolchainIntegrations;
  readonly snapshots: SnapshotStore;
  readonly secrets: Secrets;
  readonly tokens: Tokens;
  readonly tracking: RunTracking;
  readonly transfer: Transfer;
  readonly audit: AuditLog;
  readonly status: (within: Pick<Actor, 'reach'>) => ReturnType<Handlers['status']>;
  /** Resolves when the server can serve. */
  readonly health: () => Promise<void>;
}

/** The native API's routes → use cases. Each only translates. */
export function createHandlers(parts: HandlerParts): Handlers {
  return { ...trainingHandlers(parts), ...runHandlers(parts), ...connectionHandlers(parts.connections), ...toolchainHandlers(parts.integrations), ...storeHandlers(parts), ...transferHandlers(parts.transfer), ...auditHandlers(parts.audit), ...runnerHandlers(parts) };
}

function trainingHandlers({ trainings }: HandlerParts) {
  return {
    listTrainings: async ({ query: { limit, cursor, ...filter }, identity }) => {
      const items = await trainings.list({ ...filter, limit: limit + 1, after: byUpdate.read(cursor) }, actorOf(identity));
      return pageOf(items, limit, { view: trainingView, cursor: byUpdate.write });
    },
    createTraining: async ({ body, query, identity }) => trainingView(await trainings.put('create', { id: body.id, spec: toTrainingSpec(body.spec) }, { run: query.run, ...actorOf(identity) })),
    getTraining: async ({ params, identity }) => trainingView(await trainings.get(params.id, actorOf(identity))),
    editTraining: async ({ params, body, query, identity }) => {
      if (body.id !== params.id) throw new TrainyardError('BAD_REQUEST', { problem: `the path names the training '${params.id}', the body '${body.id}'` });
      return trainingView(await trainings.put('edit', { id: body.id, spec: toTrainingSpec(body.spec) }, { run: query.run, ...actorOf(identity) }));
    },
    deleteTraining: async ({ params, query, identity }) => {
      await trainings.delete(params.id, query.force, actorOf(identity));
      return { message: `Model training ${params.id} was deleted` };
    },
    runTraining: async ({ params, body, identity }) => runView(await trainings.run(params.id, body, actorOf(identity))),
  } satisfies Partial<Handlers>;
}

function runHandlers({ runs, trainings, tracking }: HandlerParts) {
  return {
    listRuns: async ({ query: { limit, cursor, state, ...filter }, identity }) => {
      const items = await runs.list({ ...filter, states: state, limit: limit + 1, before: byNumber.read(cursor) }, actorOf(identity));
      return pageOf(items, limit, { view: runView, cursor: byNumber.write });
    },
    getRun: async ({ params, identity }) => {
      const run = await runs.get(params.id, actorOf(identity));
      const [attempts, runParams, metrics] = await Promise.all([runs.attemptsOf(run.id), tracking.paramsOf(run.id), tracking.metricsOf(run.id)]);
      const views = await Promise.all(attempts.map(async (attempt) => attemptView(attempt, await runs.logSize(run.id, attempt.number))));
      const finite = Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
      return { ...runView(run), spec: toSpecBody(run.spec) as Record<string, unknown>, attempts: views, params: runParams, metrics: finite };
    },
    stopRun: async ({ params, identity }) => runView(await runs.stop(params.id, actorOf(identity))),
    retryRun: async ({ params, identity }) => runView(await trainings.retry(await runs.get(params.id, actorOf(identity)), actorOf(identity))),
    runEvents: async ({ params, identity, request, reply }) => streamEvents(runs, await runs.get(params.id, actorOf(identity)), { request, reply }),
    runLog: async ({ params, query, identity, reply }) => streamLog(runs, await runs.get(params.id, actorOf(identity)), { query, reply }),
    runLogEvents: async ({ params, query, identity, request, reply }) => streamLogEvents(runs, await runs.get(params.id, actorOf(identity)), { query, request, reply }),
    listRunArtifacts: async ({ params, query, identity }) => ({ files: await tracking.listArtifacts(callerOf(identity), await runs.get(params.id, actorOf(identity)), query.path) }),
    metricCurve: async ({ params, query, identity }) => {
      // runs of MLflow's clients have no number and are none of ours, but a whole id means one thing
      const id = /^[0-9a-f]{32}$/.test(params.id) ? params.id : (await runs.get(params.id, actorOf(identity))).id;
      return { metric: query.metric, buckets: (await tracking.curve(callerOf(identity), { runId: id, key: query.metric, buckets: query.buckets })).map(bucketView) };
    },
    getRunArtifact: async ({ params, query, identity, reply }) => {
      const { bytes, sizeBytes } = await tracking.openArtifact(callerOf(identity), await runs.get(params.id, actorOf(identity)), query.path);
      return asAttachment(reply, query.path.split('/').at(-1) ?? 'artifact').header('content-length', sizeBytes).send(bytes);
    },
  } satisfies Partial<Handlers>;
}

function storeHandlers({ snapshots, secrets, tokens, status, health }: HandlerParts) {
  return {
    putSnapshot: async ({ params, request }) => (await snapshots.find(params.digest)) ?? snapshots.put(params.digest, bytesOf(request.body)),
    findSnapshot: async ({ params }) => {
      const snapshot = await snapshots.find(params.digest);
      if (snapshot === undefined) throw new TrainyardError('SNAPSHOT_NOT_FOUND', params);
      return snapshot;
    },
    getSnapshot: async ({ params, reply }) => {
      const snapshot = await snapshots.find(params.digest);
      if (snapshot === undefined) throw new TrainyardError('SNAPSHOT_NOT_FOUND', params);
      return asAttachment(reply, `${params.digest}.tar.gz`).header('content-length', snapshot.sizeBytes).send(snapshots.read(params.digest));
    },
    listSecrets: async ({ query }) => {
      const items = await secrets.list(byName.read(query.cursor) ?? '', query.limit + 1);
      return pageOf(items, query.limit, { view: secretView, cursor: byName.write });
    },
    putSecret: async ({ params, body }) => secretView(await secrets.put(params.name, body.value)),
    deleteSecret: async ({ params }) => {
      await secrets.delete(params.name);
      return { message: `Secret ${params.name} was deleted` };
    },
    listTokens: async () => ({ items: (await tokens.list()).map(tokenView) }),
    createToken: async ({ body }) => {
      const created = await tokens.create(body.name, body.roles);
      return { ...tokenView(created), token: created.token };
    },
    editToken: async ({ params, body }) => tokenView(await tokens.setRoles(params.id, body.roles)),
    revokeToken: async ({ params }) => {
      await tokens.revoke(params.id);
      return { message: `Token ${params.id} was revoked` };
    },
    health: async () => {
      await health();
      return { status: 'ok' as const };
    },
    status: async ({ identity }) => status(actorOf(identity)),
  } satisfies Partial<Handlers>;
}

function runnerHandlers({ runs, tracking }: HandlerParts) {
  return {
    report: async ({ body, identity }) => runs.report({ runId: ownAttempt(identity, body.attempt), ...body }),
    appendLog: async ({ query, identity, request }) => ({ next: await runs.appendLog({ runId: ownAttempt(identity, query.attempt), attempt: query.attempt }, query.offset, bytesOf(request.body)) }),
    publish: async ({ body, identity }) => tracking.publish(await runs.get(ownAttempt(identity, body.attempt), actorOf(identity)), body),
  } satisfies Partial<Handlers>;
}

/** A runner speaks for the attempt its token names, and for no other. */
function ownAttempt(identity: Identity, attempt: number): string {
  if (identity.kind !== 'run') throw new TrainyardError('FORBIDDEN', { action: 'speak for a run' });
  if (identity.attempt !== attempt) throw new TrainyardError('STALE_ATTEMPT', { id: identity.runId, attempt });
  return identity.runId;
}

function asAttachment(reply: Parameters<Handlers['getSnapshot']>[0]['reply'], name: string) {
  return reply.type('application/octet-stream').header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(name)}`).header('content-security-policy', 'sandbox');
}

function secretView(secret: { name: string; updatedAt: number }) {
  return { name: secret.name, updatedAt: timeText(secret.updatedAt) };
}

function tokenView(token: { id: string; name: string; roles: readonly Grant[]; createdAt: number; lastUsedAt: number | null }) {
  return { id: token.id, name: token.name, roles: [...token.roles], createdAt: timeText(token.createdAt), ...(token.lastUsedAt === null ? {} : { lastUsedAt: timeText(token.lastUsedAt) }) };
}
