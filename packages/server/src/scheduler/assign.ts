import { TrainyardError } from '@trainyard/core/errors.ts';
import { builtInFor } from '@trainyard/core/training/chosen-toolchain.ts';
import { connectionsOf } from '@trainyard/core/training/connections-of.ts';
import type { RunnerLimits } from '@trainyard/core/training/runner-order.ts';
import type { TrainingSpec } from '@trainyard/core/training/spec.ts';
import type { ToolchainIntegrationSpec } from '@trainyard/core/training/toolchain-integration.ts';
import type { RunTokens } from '../auth/run-token.ts';
import type { Assignment } from '../engines/engine.ts';
import type { RunRecord } from '../stores/runs.ts';
import type { Connections } from '../usecases/connections.ts';
import type { Secrets } from '../usecases/secrets.ts';
import type { ToolchainIntegrations } from '../usecases/toolchain-integrations.ts';

export interface AssignParts {
  readonly secrets: Pick<Secrets, 'open'>;
  readonly connections: Pick<Connections, 'open'>;
  readonly integrations: Pick<ToolchainIntegrations, 'find'>;
  /** Names of the toolchains a runner has itself. */
  readonly toolchains: readonly string[];
  readonly tokens: Pick<RunTokens, 'issue'>;
  /** URL at which runners reach this server; known once it listens. */
  readonly serverUrl: () => string;
  readonly limits: RunnerLimits;
  /** Directories that connections of the type local may lie in; none when absent. */
  readonly localRoots?: readonly string[];
}

/**
 * Everything a runner needs for one attempt. Secrets and connections are opened here and nowhere else. Throws
 * SECRET_NOT_FOUND, CONNECTION_NOT_FOUND or TOOLCHAIN_NOT_FOUND for what was deleted since the training was accepted.
 */
export async function assign(run: RunRecord, parts: AssignParts): Promise<Assignment> {
  const { spec } = run;
  const toolchain = await integrationOf(spec, parts);
  return {
    resources: spec.resources,
    image: imageOf(spec, toolchain),
    order: {
      server: parts.serverUrl(),
      token: parts.tokens.issue({ runId: run.id, attempt: run.attempt }),
      training: run.trainingId,
      run: run.id,
      runNumber: run.number,
      attempt: run.attempt,
      experimentId: run.experimentId,
      spec,
      secrets: await parts.secrets.open(spec.secretEnvs),
      connections: await parts.connections.open(connectionsOf(spec)),
      ...(toolchain === undefined ? {} : { toolchain }),
      limits: parts.limits,
      ...(parts.localRoots === undefined ? {} : { localRoots: parts.localRoots }),
    },
  };
}

/** The integration of a training's toolchain: it sets variables, and its program trains unless a built-in toolchain does. */
async function integrationOf({ toolchain }: TrainingSpec, { integrations, toolchains }: AssignParts): Promise<ToolchainIntegrationSpec | undefined> {
  const found = await integrations.find(toolchain);
  if (found === undefined && !toolchains.includes(toolchain)) throw new TrainyardError('TOOLCHAIN_NOT_FOUND', { id: toolchain });
  return found?.spec;
}

/** A built-in toolchain needs nothing of ODAHU's images. */
function imageOf({ image }: TrainingSpec, toolchain: ToolchainIntegrationSpec | undefined): string | undefined {
  return image ?? (toolchain === undefined || builtInFor(toolchain) !== undefined ? undefined : toolchain.defaultImage);
}
