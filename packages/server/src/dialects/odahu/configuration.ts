import { toTrainingSpec, TrainingSpecBody } from '@trainyard/api/schemas/training.ts';
import type { ApiGroup, OdahuRoute } from './route.ts';
import { present } from './wire/fields.ts';
import { DEFAULT_RESOURCES } from './wire/read-training.ts';

export interface ConfigurationFacts {
  readonly groups: readonly ApiGroup[];
  readonly port: number;
  readonly version: string;
  readonly outputConnection: string | undefined;
  readonly nodePools: readonly Readonly<Record<string, string>>[];
}

const NANOSECONDS_PER_MS = 1e6;

/** What ODAHU's clients ask the configuration for. Nothing of it is a secret: no database, no vault, no token. */
export function configurationRoutes(facts: ConfigurationFacts): OdahuRoute[] {
  return [{ method: 'GET', path: '/api/v1/configuration', tag: 'Configuration', summary: 'The configuration as far as clients need it', access: 'read', status: 200, gives: 'Configuration', handle: async () => configurationOf(facts) }];
}

function configurationOf({ groups, port, version, outputConnection, nodePools }: ConfigurationFacts): object {
  const pools = nodePools.map((nodeSelector) => ({ nodeSelector, tags: [] }));
  return {
    api: { backend: { type: 'config', local: { localBackendCrdPath: '' } }, port },
    common: { externalUrls: [], resourceGpuName: 'nvidia.com/gpu', version, launchPeriod: 0, gracefulTimeout: 0 },
    users: { claims: { name: 'name', email: 'email' }, signOutUrl: '' },
    connection: { enabled: groups.includes('connection') },
    training: { enabled: groups.includes('training'), ...present({ outputConnectionID: outputConnection }), timeout: defaultTimeoutMs() * NANOSECONDS_PER_MS, nodePools: pools, gpuNodePools: pools, defaultResources: DEFAULT_RESOURCES },
    packaging: { enabled: false },
    deployment: { enabled: false },
    batch: { enabled: false },
  };
}

/** The limit of a training that names none. */
function defaultTimeoutMs(): number {
  return toTrainingSpec(TrainingSpecBody.parse({ model: { name: 'm', version: '1' }, toolchain: 'mlflow' })).timeout.runMs;
}
