/**
 * Every error a caller can meet, in one table: what was asked and found (`text`), what to do next (`hint`).
 * `{name}` is filled from the parameters of `TrainyardError`. The kind carries the HTTP status; dialects map kinds
 * exhaustively and may override single codes. docs/reference/errors.md is printed from this table.
 */
export const ERROR_KINDS = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  too_large: 413,
  limit: 429,
  internal: 500,
  unsupported: 501,
  unavailable: 503,
} as const;

export type ErrorKind = keyof typeof ERROR_KINDS;

interface ErrorEntry {
  readonly kind: ErrorKind;
  readonly text: string;
  readonly hint: string;
}

export const ERRORS = {
  BAD_REQUEST: { kind: 'invalid', text: 'the request is not understood: {problem}', hint: 'compare it with /openapi.json' },
  INVALID_JSON: { kind: 'invalid', text: 'the body is not valid JSON: {problem}', hint: 'send one JSON document with Content-Type: application/json' },
  INVALID_YAML: { kind: 'invalid', text: '{file} is neither JSON nor YAML: {problem}', hint: 'check the line that is named; strings with braces or colons need quotes' },
  INVALID_MANIFEST: { kind: 'invalid', text: '{file}: {problem}', hint: 'see docs/reference/training.md and resources.md for every field' },
  INVALID_FIELDS: { kind: 'invalid', text: '{problem}', hint: 'see docs/reference/training.md and resources.md for every field' },
  INVALID_TRAINING: { kind: 'invalid', text: 'Validation of model training is failed: {problems}', hint: 'correct the fields that are named and send the training again' },
  INVALID_CONNECTION: { kind: 'invalid', text: 'Validation of connection is failed: {problems}', hint: 'correct the fields that are named and send the connection again' },
  INVALID_TOOLCHAIN_INTEGRATION: { kind: 'invalid', text: 'Validation of toolchain integration is failed: {problems}', hint: 'correct the fields that are named and send the toolchain integration again' },
  INVALID_CURSOR: { kind: 'invalid', text: "'{cursor}' is not a cursor of this list", hint: 'start again without a cursor' },
  INVALID_UPLOAD: { kind: 'invalid', text: 'the uploaded source is refused: {problem}', hint: 'pack the directory again with: trainyard train run' },
  INVALID_SETTING: { kind: 'invalid', text: "the setting '{setting}' is wrong: {problem}", hint: 'see docs/reference/config.md' },
  ON_DEMAND_VARIABLE: { kind: 'invalid', text: '{problem}', hint: 'every variable of the on-demand service: docs/howto/train-on-demand.md' },
  UNSAFE_BIND: { kind: 'invalid', text: "refusing to listen on '{host}': it can be reached from other machines and authentication is off", hint: 'leave authentication on, or listen on 127.0.0.1' },
  UNAUTHENTICATED: { kind: 'unauthenticated', text: 'this call needs a valid token', hint: 'set TRAINYARD_TOKEN to one that this server knows (trainyard token create makes them), or send: Authorization: Bearer <token>' },
  INVALID_TOKEN: { kind: 'unauthenticated', text: 'the token is not accepted: {problem}', hint: 'log in again, or use a token of this server' },
  NO_ROLE: { kind: 'forbidden', text: "{name} is known, but nothing in the claim '{claim}' of the token gives a role here", hint: 'an administrator maps values of that claim to roles with --oidc-role-map' },
  IDENTITY_PROVIDER_DOWN: { kind: 'unavailable', text: 'the identity provider cannot be asked about this token: {problem}', hint: 'try again in a moment; tokens of this server work meanwhile' },
  FORBIDDEN: { kind: 'forbidden', text: 'this token may not {action}', hint: 'use a token with wider rights' },
  WRONG_HOST: { kind: 'forbidden', text: "the Host header '{host}' is not one this server answers to", hint: 'use the address the server printed, or add the name with --allowed-hosts' },
  WRONG_ORIGIN: { kind: 'forbidden', text: "calls from the origin '{origin}' are refused", hint: 'call the API from the same origin, or without a browser' },
  MODEL_TYPE_NOT_FOUND: { kind: 'invalid', text: "Failed to request a model training. Invalid modelType: '{modelType}' (known: {known}){nearest}", hint: 'model types are the keys of DATABRICKS_TYPE_MAPPING' },
  IDEMPOTENCY_KEY_REUSED: { kind: 'conflict', text: "the idempotency key was used for another request, which started run {id}", hint: 'use a new key for a new request' },
  TRAINING_NOT_FOUND: { kind: 'not_found', text: "there is no training '{id}'", hint: 'list the trainings with: trainyard train list' },
  TRAINING_EXISTS: { kind: 'conflict', text: "a training '{id}' exists already", hint: 'run it again with: trainyard train edit -f FILE, or choose another id' },
  OTHER_PROJECT: { kind: 'conflict', text: "the {what} '{name}' belongs to another project", hint: 'names are the same for all projects: choose another one' },
  TOKEN_NOT_FOUND: { kind: 'not_found', text: "there is no token '{id}'", hint: 'list the tokens with: trainyard token list' },
  RUN_NOT_FOUND: { kind: 'not_found', text: "there is no run '{id}'", hint: 'list the runs with: trainyard runs' },
  RUN_AMBIGUOUS: { kind: 'invalid', text: "several runs have an id that begins with '{id}'", hint: 'name the run by its number (list the runs with: trainyard runs), or write more of its id: the first 12 digits only say when it was submitted' },
  RUN_ENDED: { kind: 'conflict', text: "run {id} is {state} already", hint: 'start it again with: trainyard retry {id}' },
  RUN_ACTIVE: { kind: 'conflict', text: "run {id} is still {state}", hint: 'wait for its end, or stop it with: trainyard stop {id}' },
  TRAINING_ACTIVE: { kind: 'conflict', text: "training '{id}' has {count} run(s) that have not ended", hint: 'stop them first, or delete with --force' },
  CONNECTION_NOT_FOUND: { kind: 'not_found', text: "there is no connection '{id}'", hint: 'list the connections with: trainyard connection list' },
  CONNECTION_EXISTS: { kind: 'conflict', text: "a connection '{id}' exists already", hint: 'change it with: trainyard connection edit {id}, or choose another id' },
  CONNECTION_VITAL: { kind: 'invalid', text: '{id} connection is vital, it cannot be deleted', hint: 'set its field vital to false first' },
  CONNECTION_IN_USE: { kind: 'conflict', text: "connection '{id}' is used by {count} run(s) that have not ended: {users}", hint: 'wait for their end, stop them, or delete with --force: they fail when they need it' },
  TOOLCHAIN_NOT_FOUND: { kind: 'not_found', text: "there is no toolchain integration '{id}'", hint: 'list them with: trainyard toolchain list' },
  TOOLCHAIN_EXISTS: { kind: 'conflict', text: "a toolchain integration '{id}' exists already", hint: 'change it with: trainyard toolchain edit {id}, or choose another id' },
  SNAPSHOT_NOT_FOUND: { kind: 'not_found', text: "there is no uploaded source '{digest}'", hint: 'upload it first with: trainyard train run' },
  DIGEST_MISMATCH: { kind: 'invalid', text: "the upload has the digest {found}, not {digest}", hint: 'the file changed or broke on the way: upload it again' },
  ARTIFACT_NOT_FOUND: { kind: 'not_found', text: "there is no artifact '{path}'", hint: 'list them with: trainyard artifacts RUN' },
  SECRET_NOT_FOUND: { kind: 'not_found', text: "there is no secret '{name}'", hint: 'create it with: trainyard secret set {name}' },
  INVALID_PATH: { kind: 'invalid', text: "'{path}' is not a path that is allowed here", hint: "use a relative path with '/' and without '..'" },
  INVALID_TRACKING_VALUE: { kind: 'invalid', text: '{problem}', hint: 'compare the call with the REST API of MLflow' },
  EXPERIMENT_NOT_FOUND: { kind: 'not_found', text: 'No Experiment with id={id} exists', hint: 'list the experiments with: mlflow experiments search' },
  EXPERIMENT_NAME_NOT_FOUND: { kind: 'not_found', text: "Could not find experiment with name '{name}'", hint: 'create it with: mlflow experiments create -n {name}' },
  EXPERIMENT_EXISTS: { kind: 'conflict', text: 'Experiment(name={name}) already exists.', hint: 'use it, or choose another name; a deleted experiment keeps its name' },
  EXPERIMENT_NOT_ACTIVE: { kind: 'conflict', text: 'Cannot rename a non-active experiment.', hint: 'restore it first' },
  TRACKING_RUN_NOT_FOUND: { kind: 'not_found', text: 'Run with id={id} not found', hint: 'list the runs of an experiment with: mlflow runs list' },
  TAG_NOT_FOUND: { kind: 'not_found', text: 'No tag with name: {key} in {owner}', hint: 'it may have been deleted already' },
  LOGGED_MODEL_NOT_FOUND: { kind: 'not_found', text: "Logged model with ID '{id}' not found.", hint: 'search for it with: mlflow.search_logged_models()' },
  LOGGED_MODEL_TAG_NOT_FOUND: { kind: 'not_found', text: "No tag with key '{key}' found for model with ID '{id}'.", hint: 'it may have been deleted already' },
  REGISTERED_MODEL_NOT_FOUND: { kind: 'not_found', text: 'Registered Model with name={name} not found', hint: 'register a model with: mlflow.register_model()' },
  REGISTERED_MODEL_EXISTS: { kind: 'conflict', text: 'Registered Model (name={name}) already exists.', hint: 'add a version to it, or choose another name' },
  MODEL_VERSION_NOT_FOUND: { kind: 'not_found', text: 'Model Version (name={name}, version={version}) not found', hint: 'list them with: mlflow.search_model_versions()' },
  MODEL_ALIAS_NOT_FOUND: { kind: 'invalid', text: 'Registered model alias {alias} not found.', hint: 'set it with: MlflowClient().set_registered_model_alias()' },
  MULTIPART_UNSUPPORTED: { kind: 'unsupported', text: 'Multipart {what} is not supported for the current artifact repository', hint: 'send or fetch the artifact in one piece' },
  UPLOAD_NOT_FOUND: { kind: 'not_found', text: "there is no upload in parts '{id}' to this path", hint: 'it was completed or aborted, or never begun: start it again' },
  INCOMPLETE_UPLOAD: { kind: 'invalid', text: 'the upload cannot be completed: {problem}', hint: 'send the part again, then complete the upload' },
  ARTIFACT_STORE_UNUSABLE: { kind: 'unavailable', text: 'the artifact store {store} cannot be used: {problem}', hint: '{advice}' },
  MISSING_PACKAGE: { kind: 'unsupported', text: '{setting} needs npm packages that are not installed: {packages}', hint: 'install them beside Trainyard (npm install {packages}) and start again' },
  WEBHOOK_NOT_FOUND: { kind: 'not_found', text: 'Webhook with ID {id} not found.', hint: 'list them with: MlflowClient().list_webhooks()' },
  OUTBOUND_REFUSED: { kind: 'invalid', text: 'the server does not call {host}: {problem}', hint: 'an administrator can allow hosts of private networks with --outbound-allow' },
  OUTBOUND_UNREACHABLE: { kind: 'unavailable', text: '{host} cannot be reached: {problem}', hint: 'check the address, and whether the other side is up' },
  OUTBOUND_BROKEN: { kind: 'unavailable', text: 'the call to {host} got no whole answer: {problem}', hint: 'look at the other side; it may have acted on the call' },
  NOT_A_REMOTE_URI: { kind: 'internal', text: '{source} is not a valid remote uri. For remote access on windows, please consider using a different scheme such as SMB (e.g. smb://<hostname>/<path>).', hint: 'name a run, a logged model or an object store as the source' },
  LOG_GAP: { kind: 'conflict', text: 'log bytes from {offset} were sent, {expected} is next', hint: 'send again from byte {expected}' },
  STALE_ATTEMPT: { kind: 'gone', text: 'attempt {attempt} of run {id} is over', hint: 'nothing more needs to be reported for it' },
  TOO_LARGE: { kind: 'too_large', text: '{what} is larger than {limit} bytes', hint: 'make it smaller, or raise the limit in the configuration' },
  RATE_LIMITED: { kind: 'limit', text: 'too many calls with a wrong token', hint: 'wait {seconds} s and try again with the right one' },
  UNSUPPORTED_ENGINE: { kind: 'invalid', text: "there is no engine '{engine}'", hint: 'engines here: {known}{nearest}' },
  UNSUPPORTED_TOOLCHAIN: { kind: 'invalid', text: "there is no toolchain '{toolchain}'", hint: 'toolchains here: {known}{nearest}' },
  NOT_ON_THIS_ENGINE: { kind: 'unsupported', text: "the engine '{engine}' cannot {what}", hint: '{advice}' },
  ROUTE_NOT_FOUND: { kind: 'not_found', text: 'there is nothing at {method} {path}', hint: 'all routes: /openapi.json' },
  DISK_FULL: { kind: 'unavailable', text: 'the disk of the data directory is full', hint: 'free some space; nothing that was acknowledged is lost' },
  DATABASE_UNAVAILABLE: { kind: 'unavailable', text: 'the database does not answer: {problem}', hint: 'check the database; the server goes on by itself when it is back' },
  DATABASE_TOO_NEW: { kind: 'conflict', text: "the database was written by a newer Trainyard (it knows '{migration}')", hint: 'start that version, or restore a backup' },
  DATA_DIR_UNUSABLE: { kind: 'unavailable', text: "the data directory '{dir}' cannot be used: {problem}", hint: 'give a directory that may be written to by the user this server runs as (uid {uid}): --data-dir, or in a container what is mounted there' },
  DATA_DIR_BUSY: { kind: 'conflict', text: "another server (process {pid}) uses the data directory '{dir}'", hint: 'stop it, or choose another --data-dir' },
  PORT_TAKEN: { kind: 'conflict', text: 'port {port} on {host} is taken by another program', hint: 'choose another with --port, or --port 0 for any' },
  SERVER_UNREACHABLE: { kind: 'unavailable', text: 'no Trainyard answers at {url}: {problem}', hint: 'start it with: trainyard up, or set TRAINYARD_URL' },
  LOCAL_SERVER_FAILED: { kind: 'internal', text: 'the server for this command did not start: {problem}', hint: 'name another directory with TRAINYARD_LOCAL_DIR (now {dir}); what another trainyard local does there is shown by: TRAINYARD_DATA_DIR={dir} trainyard runs' },
  SHUTTING_DOWN: { kind: 'unavailable', text: 'the server is shutting down', hint: 'try again in a moment' },
  USAGE: { kind: 'invalid', text: '{problem}', hint: '{advice}' },
  UNSAFE_TOKEN_FILE: { kind: 'forbidden', text: '{file} holds a token and {problem}', hint: 'make it yours alone (chmod 600 {file}), or remove it and start the server again' },
  SOURCE_REFUSED: { kind: 'invalid', text: "the source '{dir}' cannot be packed: {problem}", hint: '{advice}' },
  FILE_EXISTS: { kind: 'conflict', text: "'{file}' exists already", hint: 'choose another name with -O, or write over it with --force' },
  DOWNLOAD_BROKEN: { kind: 'unavailable', text: "the download of '{path}' broke off after {received} of {expected} bytes", hint: 'nothing was left behind: run the command again' },
  INTERNAL: { kind: 'internal', text: 'something broke inside the server', hint: 'look for the request id {requestId} in the server log' },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;
export type ErrorParams = Readonly<Record<string, string | number>>;

/** The one error class. The code decides what it means, never `instanceof` across bundles: use `isTrainyardError`. */
export class TrainyardError extends Error {
  override readonly name = 'TrainyardError';
  readonly code: ErrorCode;
  readonly params: ErrorParams;
  readonly hint: string;
  /** Each thing that is wrong, when there are several. */
  readonly problems: readonly string[] | undefined;

  constructor(code: ErrorCode, params: ErrorParams = {}, options: { cause?: unknown; problems?: readonly string[] } = {}) {
    super(fill(ERRORS[code].text, params), options);
    this.problems = options.problems;
    this.code = code;
    this.params = params;
    this.hint = fill(ERRORS[code].hint, params);
  }

  get kind(): ErrorKind {
    return ERRORS[this.code].kind;
  }

  get status(): number {
    return ERROR_KINDS[this.kind];
  }
}

export function isTrainyardError(error: unknown): error is TrainyardError {
  return error instanceof Error && error.name === 'TrainyardError' && 'code' in error;
}

/** The text of anything thrown, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fill(text: string, params: ErrorParams): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in params ? String(params[name]) : whole));
}
