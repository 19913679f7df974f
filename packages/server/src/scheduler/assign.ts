import type { RunnerLimits } from '@trainyard/core/training/runner-order.ts';
import type { RunTokens } from '../auth/run-token.ts';
import type { Assignment } from '../engines/engine.ts';
import type { RunRecord } from '../stores/runs.ts';
import type { Secrets } from '../usecases/secrets.ts';

export interface AssignParts {
  readonly secrets: Pick<Secrets, 'open'>;
  readonly tokens: Pick<RunTokens, 'issue'>;
  /** URL at which runners reach this server; known once it listens. */
  readonly serverUrl: () => string;
  readonly limits: RunnerLimits;
}

/** Everything a runner needs for one attempt. The secrets are opened here and nowhere else. */
export async function assign(run: RunRecord, parts: AssignParts): Promise<Assignment> {
  return {
    resources: run.spec.resources,
    image: run.spec.image,
    order: {
      server: parts.serverUrl(),
      token: parts.tokens.issue({ runId: run.id, attempt: run.attempt }),
      training: run.trainingId,
      run: run.id,
      runNumber: run.number,
      attempt: run.attempt,
      experimentId: run.experimentId,
      spec: run.spec,
      secrets: await parts.secrets.open(run.spec.secretEnvs),
      limits: parts.limits,
    },
  };
}
