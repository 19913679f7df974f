import { availableParallelism } from 'node:os';

export interface Setting {
  /** Environment variable. */
  readonly env: string;
  /** Flag of `trainyard up`. */
  readonly flag: string;
  readonly type: 'text' | 'integer' | 'bytes' | 'duration' | 'flag' | 'list';
  readonly default: string;
  readonly text: string;
  /** Never shown or logged. */
  readonly secret?: true;
}

/** Every setting of the server, once. Read by read-config.ts at the door; docs/reference/config.md is printed from it. */
export const SETTINGS = {
  host: { env: 'TRAINYARD_HOST', flag: 'host', type: 'text', default: '127.0.0.1', text: 'Address to listen on. Anything but loopback needs authentication.' },
  port: { env: 'TRAINYARD_PORT', flag: 'port', type: 'integer', default: '5000', text: 'Port to listen on; 0 takes a free one.' },
  dataDir: { env: 'TRAINYARD_DATA_DIR', flag: 'data-dir', type: 'text', default: '~/.trainyard', text: 'Directory of the database, logs, artifacts and caches.' },
  databaseUrl: { env: 'TRAINYARD_DATABASE_URL', flag: 'database-url', type: 'text', default: 'sqlite:///<data dir>/trainyard.db', text: 'sqlite:///path or postgresql://…', secret: true },
  token: { env: 'TRAINYARD_TOKEN', flag: '', type: 'text', default: '', text: 'The first token, instead of a random one. At least 16 characters.', secret: true },
  auth: { env: 'TRAINYARD_AUTH', flag: 'auth', type: 'flag', default: 'on', text: 'off: no token is asked for; only possible on loopback.' },
  oidcIssuer: { env: 'TRAINYARD_OIDC_ISSUER', flag: 'oidc-issuer', type: 'text', default: '', text: 'Identity provider (OpenID Connect) whose tokens are taken beside those of this server, as its tokens name it: https://login.example.org/realms/main.' },
  oidcAudience: { env: 'TRAINYARD_OIDC_AUDIENCE', flag: 'oidc-audience', type: 'list', default: '', text: 'A token of the provider must be meant for one of these (`aud`). When absent: the client id.' },
  oidcClientId: { env: 'TRAINYARD_OIDC_CLIENT_ID', flag: 'oidc-client-id', type: 'text', default: '', text: 'Client of the provider with which people log in.' },
  oidcRolesClaim: { env: 'TRAINYARD_OIDC_ROLES_CLAIM', flag: 'oidc-roles-claim', type: 'text', default: 'roles', text: 'Claim that has the roles, as a path with dots: realm_access.roles.' },
  oidcRoleMap: { env: 'TRAINYARD_OIDC_ROLE_MAP', flag: 'oidc-role-map', type: 'list', default: 'odahu_admin=admin,odahu_data_scientist=data_scientist,odahu_viewer=viewer', text: 'What values of that claim give here: value=role or value=role@project, with the roles admin, data_scientist, viewer. A value that is not named gives nothing.' },
  odahuLoginRedirect: { env: 'TRAINYARD_ODAHU_LOGIN_REDIRECT', flag: 'odahu-login-redirect', type: 'flag', default: 'off', text: "on: reading calls of odahuflowctl without a token are sent to the login page of the identity provider, which starts its login in the browser. Only when the provider has another host name than this server." },
  auditDays: { env: 'TRAINYARD_AUDIT_DAYS', flag: 'audit-days', type: 'integer', default: '365', text: 'Days for which the audit log is kept.' },
  allowedHosts: { env: 'TRAINYARD_ALLOWED_HOSTS', flag: 'allowed-hosts', type: 'list', default: '', text: 'Host names this server answers to, beside its own address and localhost.' },
  outboundAllow: { env: 'TRAINYARD_OUTBOUND_ALLOW', flag: 'outbound-allow', type: 'list', default: '', text: 'Host names, addresses and ranges outside of the public Internet that the server may call for its users, as webhooks and to check connections: hooks.example.org, 10.1.0.0/16.' },
  runnerUrl: { env: 'TRAINYARD_RUNNER_URL', flag: 'runner-url', type: 'text', default: '', text: 'URL at which runners reach this server, when it is not the address it listens on.' },
  maxRuns: { env: 'TRAINYARD_MAX_RUNS', flag: 'max-runs', type: 'integer', default: '1000', text: 'Attempts at the same time, over all engines.' },
  maxRunsPerProject: { env: 'TRAINYARD_MAX_RUNS_PER_PROJECT', flag: 'max-runs-per-project', type: 'integer', default: '1000', text: 'Attempts of one project at the same time.' },
  maxLocalRuns: { env: 'TRAINYARD_MAX_LOCAL_RUNS', flag: 'max-local-runs', type: 'integer', default: String(Math.max(2, availableParallelism())), text: 'Attempts on this machine at the same time; default: its processors, at least 2.' },
  databricksUrl: { env: 'TRAINYARD_DATABRICKS_URL', flag: 'databricks-url', type: 'text', default: '', text: 'A Databricks workspace, https://…; with it there is the engine `databricks`, which runs notebooks and programs there.' },
  databricksToken: { env: 'TRAINYARD_DATABRICKS_TOKEN', flag: '', type: 'text', default: '', text: 'Access token for the workspace.', secret: true },
  databricksClientId: { env: 'TRAINYARD_DATABRICKS_CLIENT_ID', flag: 'databricks-client-id', type: 'text', default: '', text: 'Service principal for the workspace, instead of a token.' },
  databricksClientSecret: { env: 'TRAINYARD_DATABRICKS_CLIENT_SECRET', flag: '', type: 'text', default: '', text: 'OAuth secret of the service principal.', secret: true },
  databricksCluster: { env: 'TRAINYARD_DATABRICKS_CLUSTER', flag: 'databricks-cluster', type: 'text', default: 'serverless', text: 'Where trainings run that do not say it: `serverless`, or the id of an all-purpose cluster.' },
  databricksFiles: { env: 'TRAINYARD_DATABRICKS_FILES', flag: 'databricks-files', type: 'text', default: '', text: 'Directory for what programs need there (the runner, and the order of each attempt, which has secrets): /Workspace/… or /Volumes/…. Default: the home directory of the token or service principal, which beside it only administrators of the workspace may read.' },
  maxDatabricksRuns: { env: 'TRAINYARD_MAX_DATABRICKS_RUNS', flag: 'max-databricks-runs', type: 'integer', default: '1000', text: 'Attempts in the workspace at the same time.' },
  nodePools: { env: 'TRAINYARD_NODE_POOLS', flag: 'node-pools', type: 'list', default: '', text: 'Labels of the pools of machines that a training may ask for with `nodeSelector`, which must name all labels of one of them: `size=large,size=huge+gpu=a100` are two. Engines without pools take them and run where they run.' },
  odahuApis: { env: 'TRAINYARD_ODAHU_APIS', flag: 'odahu-apis', type: 'list', default: 'connection,training', text: "Parts of ODAHU's API that may change things: `connection`, `training` (with toolchains), both, or `off`. What is off can still be read." },
  odahuEngine: { env: 'TRAINYARD_ODAHU_ENGINE', flag: 'odahu-engine', type: 'text', default: 'local', text: "Engine of the trainings that come through ODAHU's API, which has no word for it." },
  odahuOutputConnection: { env: 'TRAINYARD_ODAHU_OUTPUT_CONNECTION', flag: 'odahu-output-connection', type: 'text', default: '', text: "Connection that trainings of ODAHU's API put their model to when they name none. When absent the model stays with its run alone." },
  lookEvery: { env: 'TRAINYARD_LOOK_EVERY', flag: 'look-every', type: 'duration', default: '2s', text: 'Between two looks at an attempt that reports nothing.' },
  missingGrace: { env: 'TRAINYARD_MISSING_GRACE', flag: 'missing-grace', type: 'duration', default: '60s', text: 'How long an engine may not know an attempt before its host counts as lost.' },
  logLimit: { env: 'TRAINYARD_LOG_LIMIT', flag: 'log-limit', type: 'bytes', default: '4GiB', text: 'Bytes of log that are kept of an attempt.' },
  uploadLimit: { env: 'TRAINYARD_UPLOAD_LIMIT', flag: 'upload-limit', type: 'bytes', default: '2GiB', text: 'Size of an uploaded source.' },
  sourceLimit: { env: 'TRAINYARD_SOURCE_LIMIT', flag: 'source-limit', type: 'bytes', default: '8GiB', text: 'Size of a source once unpacked.' },
  dataLimit: { env: 'TRAINYARD_DATA_LIMIT', flag: 'data-limit', type: 'bytes', default: '1TiB', text: 'Size of all data that the bindings of one training fetch.' },
  localRoots: { env: 'TRAINYARD_LOCAL_ROOTS', flag: 'local-roots', type: 'list', default: '', text: 'Directories that connections of the type `local`, and of the type `git` with file://, may lie in, on the machine of the server and on those of its engines; default: none.' },
  artifacts: { env: 'TRAINYARD_ARTIFACTS', flag: 'artifacts', type: 'text', default: 'local', text: 'Where artifacts are kept: local (below the data directory), s3://bucket/prefix, gs://bucket/prefix or wasbs://container@account.blob.core.windows.net/prefix. Credentials come from the usual places of each cloud.' },
  artifactsEndpoint: { env: 'TRAINYARD_ARTIFACTS_ENDPOINT', flag: 'artifacts-endpoint', type: 'text', default: '', text: "URL of the object store, when it is not the cloud's own: a service that speaks S3, a private endpoint, an emulator." },
  artifactsRegion: { env: 'TRAINYARD_ARTIFACTS_REGION', flag: 'artifacts-region', type: 'text', default: '', text: 'Region of an S3 bucket; otherwise AWS_REGION, otherwise us-east-1.' },
  artifactsPathStyle: { env: 'TRAINYARD_ARTIFACTS_PATH_STYLE', flag: 'artifacts-path-style', type: 'flag', default: 'off', text: 'on: the bucket stands in the path of S3 URLs instead of the host name, as many services that speak S3 want it.' },
  directTransfers: { env: 'TRAINYARD_DIRECT_TRANSFERS', flag: 'direct-transfers', type: 'flag', default: 'on', text: 'Clients send and fetch large artifacts at the object store itself, by signed URLs. off: everything passes through this server, for stores that clients cannot reach.' },
  artifactLimit: { env: 'TRAINYARD_ARTIFACT_LIMIT', flag: 'artifact-limit', type: 'bytes', default: '64GiB', text: 'Size of one artifact.' },
  environmentCache: { env: 'TRAINYARD_ENVIRONMENT_CACHE', flag: 'environment-cache', type: 'bytes', default: '20GiB', text: 'Size of all cached environments; beyond it the least recently used go.' },
  deliverFor: { env: 'TRAINYARD_DELIVER_FOR', flag: 'deliver-for', type: 'duration', default: '24h', text: 'How long a runner tries to deliver its reports after the end of the training.' },
  silentRunAfter: { env: 'TRAINYARD_SILENT_RUN_AFTER', flag: 'silent-run-after', type: 'duration', default: '', text: 'A run of an MLflow client that was not launched here and has written nothing for so long counts as lost. When absent only a run that promised a heartbeat can be.' },
  logLevel: { env: 'TRAINYARD_LOG_LEVEL', flag: 'log-level', type: 'text', default: 'info', text: 'debug, info, warn, error or silent.' },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;
