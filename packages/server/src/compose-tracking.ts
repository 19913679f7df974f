import type { Config } from './config/read-config.ts';
import type { Dialect } from './dialects/dialect.ts';
import type { RunTracking } from './http/handlers.ts';
import type { Database } from './stores/sql/database.ts';
import { latestMetricsOf, paramsOf } from './stores/sql/tracking/managed-runs.ts';

export function composeTracking(database: Database, _config: Config): { tracking: RunTracking; dialect: Dialect } {
  return {
    tracking: {
      paramsOf: (id) => paramsOf(database.read, id),
      metricsOf: (id) => latestMetricsOf(database.read, id),
      listArtifacts: () => Promise.resolve([]),
      openArtifact: () => Promise.reject(new Error('x')),
      publish: () => Promise.reject(new Error('x')),
    },
    dialect: { name: 'mlflow', register: () => undefined },
  };
}
