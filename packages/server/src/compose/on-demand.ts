import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { isTrainyardError, messageOf, TrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyInstance } from 'fastify';
import type { Authenticator } from '../auth/authenticate.ts';
import { hostsOf } from '../config/hosts.ts';
import { isLoopback } from '../config/loopback.ts';
import type { Config } from '../config/read-config.ts';
import type { OnDemandConfig } from '../config/read-on-demand.ts';
import { onDemandDialect } from '../dialects/on-demand/dialect.ts';
import { createDialectApp } from '../http/dialect-app.ts';
import type { Hub } from '../platform/hub.ts';
import type { Logger } from '../platform/logger.ts';
import { packDirectory } from '../snapshots/pack-directory.ts';
import type { SnapshotStore } from '../snapshots/snapshot-store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { AuditLog } from '../usecases/audit.ts';
import { ModelTypes } from '../usecases/model-types/model-types.ts';
import type { NotebookHome } from '../usecases/model-types/training-of.ts';
import type { Runs } from '../usecases/runs.ts';
import type { Trainings } from '../usecases/trainings.ts';
import { checkModelTypes } from './check-model-types.ts';

export interface OnDemandParts {
  readonly config: Config;
  readonly trainings: Trainings;
  readonly runs: Runs;
  readonly snapshots: SnapshotStore;
  readonly hub: Hub;
  readonly authenticator: Authenticator;
  readonly audit: AuditLog;
  readonly now: () => number;
  readonly telemetry: Telemetry;
  readonly log: Logger;
}

/** The on-demand service on a listener of its own, which is not open yet. Throws ON_DEMAND_VARIABLE for what can never train. */
export async function composeOnDemand(onDemand: OnDemandConfig, parts: OnDemandParts): Promise<FastifyInstance> {
  const { config, trainings, runs, hub, authenticator, audit, now, telemetry, log } = parts;
  const settings = { notebooks: onDemand.notebooks, home: await homeOf(onDemand, parts.snapshots), timeoutMs: onDemand.timeoutMs };
  if (onDemand.checked) checkModelTypes(settings);
  const modelTypes = new ModelTypes({ trainings, runs, hub, now, settings, coalesce: onDemand.coalesce });
  const hosts = hostsOf({ host: onDemand.host, allowedHosts: config.allowedHosts });
  // in a cluster it is called by the address of its pod, by probes, and by the name of its service
  const byName = isLoopback(onDemand.host) ? (): boolean => false : isNoPublicName;
  // old balancers probe with HTTP/1.0 and no Host; every browser sends one
  const alsoHosts = (name: string): boolean => name === '' || byName(name);
  return createDialectApp(onDemandDialect(modelTypes, { failedState: onDemand.failedState, log }), { gate: { authenticator, auth: onDemand.auth, hosts, alsoHosts }, audit, telemetry, log });
}

/** An address, or a name without a dot: what nobody can register, so that no page of theirs can be made to point at us. */
function isNoPublicName(name: string): boolean {
  return isIP(name) !== 0 || /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name);
}

async function homeOf({ engine, place, workspace }: OnDemandConfig, snapshots: SnapshotStore): Promise<NotebookHome> {
  const clusterId = workspace?.clusterId ?? '';
  switch (place.kind) {
    case 'workspace':
      return { kind: 'workspace', clusterId };
    case 'git': {
      const { url, reference, provider } = place;
      return engine === 'local' ? { kind: 'local_git', url, reference } : { kind: 'workspace_git', clusterId, url, reference, provider };
    }
    case 'directory':
      return { kind: 'local_snapshot', digest: await snapshotOf(place.path, snapshots) };
    default:
      return place satisfies never;
  }
}

async function snapshotOf(path: string, snapshots: SnapshotStore): Promise<string> {
  try {
    return await packDirectory(path, snapshots);
  } catch (error) {
    const variable = 'Environment variable ON_DEMAND_SOURCE';
    if (isTrainyardError(error) && error.code === 'INVALID_PATH') throw new TrainyardError('ON_DEMAND_VARIABLE', { problem: `${variable} must name a directory or a git repository (https:// or file://), and there is no directory ${resolve(path)}` }, { cause: error });
    if (['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw new TrainyardError('ON_DEMAND_VARIABLE', { problem: `${variable} names a directory that cannot be read: ${messageOf(error)}` }, { cause: error });
    throw error;
  }
}
