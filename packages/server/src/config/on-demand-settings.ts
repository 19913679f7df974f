import { GIT_PROVIDERS } from '@trainyard/core/training/spec.ts';

export interface OnDemandSetting {
  readonly default: string;
  readonly text: string;
  /** The values it may have, where these are few. */
  readonly values?: readonly string[];
  /** Never shown or logged. */
  readonly secret?: true;
}

/** Variables of the service this one replaces, each with the meaning it had there. */
export const ORIGINAL_VARIABLES = {
  PORT: { default: '80', text: 'Port of the on-demand service.' },
  DATABRICKS_WORKSPACE_URL: { default: '', text: 'URL of the workspace. Required.' },
  DATABRICKS_AUTH_TOKEN: { default: '', text: 'Token for the workspace. Required.', secret: true },
  DATABRICKS_CLUSTER_ID: { default: '', text: 'All-purpose cluster the notebooks run on; it is started when it is terminated. Required.' },
  DATABRICKS_RUN_TIMEOUT: { default: '', text: 'Limit of a run in seconds; 0 is none. Required.' },
  DATABRICKS_TYPE_MAPPING: { default: '', text: 'JSON object: model type → path of its notebook, in the workspace from its root: /shared/wine. Required.' },
  APP_INSIGHTS_INSTRUMENTATION_KEY: { default: '', text: 'Sends telemetry to Application Insights.' },
  SERVICE_NAME: { default: 'trainyard', text: 'Name of this service (its role) in the telemetry.' },
  LOG_LEVEL: { default: 'info', text: 'error, warn, info, http, verbose, debug or silly; `TRAINYARD_LOG_LEVEL` wins over it.' },
  NODE_ENV: { default: '', text: '`test`: the variables are not checked, and no telemetry is sent.' },
} as const satisfies Record<string, OnDemandSetting>;

/** What the original had no word for. */
export const ON_DEMAND_SETTINGS = {
  ON_DEMAND_HOST: { default: '127.0.0.1', text: 'Address the on-demand service listens on.' },
  ON_DEMAND_AUTH: { default: 'off', values: ['off', 'token'], text: '`token`: asks for a token, as the native API does. The clients of the original send none, so the default is `off`; on another address than loopback one of the two has to be chosen.' },
  ON_DEMAND_FAILED_STATE: { default: 'completed', values: ['completed', 'error'], text: 'What `state` says of a run that failed or was stopped.' },
  ON_DEMAND_COALESCE: { default: 'off', values: ['off', 'on'], text: '`on`: a request like one whose run has not ended is answered with that run.' },
  ON_DEMAND_ENGINE: { default: 'databricks', values: ['databricks', 'local'], text: '`local`: notebooks run on this machine, and only `DATABRICKS_TYPE_MAPPING` and `ON_DEMAND_SOURCE` are required.' },
  ON_DEMAND_SOURCE: { default: '', text: 'Where the notebooks lie when it is not the workspace: the URL of a git repository (https://, or file:// with the engine `local`), or (engine `local`) a directory.' },
  ON_DEMAND_SOURCE_REFERENCE: { default: '', text: 'Branch, tag or commit of that repository.' },
  ON_DEMAND_SOURCE_PROVIDER: { default: '', values: GIT_PROVIDERS, text: 'What the host of that repository runs, for Databricks, when the name of the host does not tell.' },
} as const satisfies Record<string, OnDemandSetting>;

export type OriginalVariable = keyof typeof ORIGINAL_VARIABLES;
export type OnDemandName = keyof typeof ON_DEMAND_SETTINGS;
