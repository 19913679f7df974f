import { TrainyardError } from '@trainyard/core/errors.ts';
import { didYouMean } from '@trainyard/core/nearest.ts';
import { type GitProvider, GIT_PROVIDERS } from '@trainyard/core/training/spec.ts';
import { isLoopback } from './loopback.ts';
import { ON_DEMAND_SETTINGS, type OnDemandName, ORIGINAL_VARIABLES, type OriginalVariable } from './on-demand-settings.ts';

/** Where the notebooks of the model types lie. */
export type NotebookPlace =
  | { readonly kind: 'workspace' }
  | { readonly kind: 'git'; readonly url: string; readonly reference: string | undefined; readonly provider: GitProvider | undefined }
  | { readonly kind: 'directory'; readonly path: string };

export interface OnDemandConfig {
  readonly host: string;
  readonly port: number;
  readonly auth: boolean;
  readonly failedState: 'completed' | 'error';
  readonly coalesce: boolean;
  readonly engine: 'databricks' | 'local';
  /** False with NODE_ENV=test: variables that cannot work do not stop the start. */
  readonly checked: boolean;
  readonly place: NotebookPlace;
  /** Model type → path of its notebook. */
  readonly notebooks: ReadonlyMap<string, string>;
  /** Undefined with the engine `local`. */
  readonly workspace: { readonly url: string; readonly token: string; readonly clusterId: string } | undefined;
  /** Undefined: no limit of its own. */
  readonly timeoutMs: number | undefined;
  /** The server's log level in its own words, when LOG_LEVEL says one. */
  readonly logLevel: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

const PREFIX = 'ON_DEMAND_';
/** The container image sets these, whether the service is wanted or not. */
const NO_MARKS: readonly OnDemandName[] = ['ON_DEMAND_HOST', 'ON_DEMAND_AUTH'];
/** Only this service has these: where one of them is set, it is meant. Others of the original's names belong to other programs too. */
const MARKS: readonly (OriginalVariable | OnDemandName)[] = [
  ...(['DATABRICKS_TYPE_MAPPING', 'DATABRICKS_WORKSPACE_URL', 'DATABRICKS_AUTH_TOKEN', 'DATABRICKS_RUN_TIMEOUT'] as const),
  ...(Object.keys(ON_DEMAND_SETTINGS) as OnDemandName[]).filter((name) => !NO_MARKS.includes(name)),
];
const NAMES = [...Object.keys(ORIGINAL_VARIABLES), ...Object.keys(ON_DEMAND_SETTINGS)];
/** Winston's levels in the words of this server. */
const LOG_LEVELS: ReadonlyMap<string, string> = new Map([['error', 'error'], ['warn', 'warn'], ['info', 'info'], ['http', 'info'], ['verbose', 'info'], ['debug', 'debug'], ['silly', 'debug']]);
const MAX_TIMEOUT_SECONDS = 365 * 86_400;

/** The variables this service knows: those of the environment, and those of a dotenv file that the environment does not set. What was read from a mounted file ends with a line break. */
function onDemandVariables(env: Env, dotenv: Env): Env {
  return Object.fromEntries(NAMES.map((name) => [name, (env[name] ?? dotenv[name])?.trim()]));
}

/**
 * Undefined when nothing of the service is configured. Throws ON_DEMAND_VARIABLE with the words of the original, in the order in
 * which it checked; with NODE_ENV=test nothing is checked, as there, and what is missing counts as empty.
 */
export function readOnDemand(env: Env, dotenv: Env = {}): OnDemandConfig | undefined {
  const variables = onDemandVariables(env, dotenv);
  const opens = MARKS.some((name) => given(variables, name) !== undefined);
  refuseUnknown({ ...dotenv, ...env }, opens);
  if (!opens) return undefined;
  const engine = choice(variables, 'ON_DEMAND_ENGINE') as OnDemandConfig['engine'];
  const checked = variables['NODE_ENV'] !== 'test';
  if (checked) check(variables, engine);
  const host = given(variables, 'ON_DEMAND_HOST') ?? ON_DEMAND_SETTINGS.ON_DEMAND_HOST.default;
  const auth = choice(variables, 'ON_DEMAND_AUTH');
  if (given(variables, 'ON_DEMAND_AUTH') === undefined && !isLoopback(host)) throw wrong(`Environment variable ON_DEMAND_AUTH must be set when ON_DEMAND_HOST is '${host}': token asks for a token, off lets everybody who reaches it start trainings`);
  return {
    host,
    port: portOf(variables),
    auth: auth === 'token',
    failedState: choice(variables, 'ON_DEMAND_FAILED_STATE') as OnDemandConfig['failedState'],
    coalesce: choice(variables, 'ON_DEMAND_COALESCE') === 'on',
    engine,
    checked,
    place: placeOf(variables, engine),
    notebooks: notebooksOf(variables),
    workspace: engine === 'local' ? undefined : { url: workspaceUrl(variables), token: variables['DATABRICKS_AUTH_TOKEN'] ?? '', clusterId: variables['DATABRICKS_CLUSTER_ID'] ?? '' },
    timeoutMs: timeoutOf(variables),
    logLevel: logLevelOf(variables),
  };
}

/** A variable of this service that is set and has no effect, as nothing opens the service. */
export function idleOnDemandVariable(env: Env, dotenv: Env = {}): string | undefined {
  const variables = onDemandVariables(env, dotenv);
  return MARKS.some((name) => given(variables, name) !== undefined) ? undefined : NO_MARKS.find((name) => given(variables, name) !== undefined);
}

function check(variables: Env, engine: OnDemandConfig['engine']): void {
  if (engine === 'databricks') {
    notEmpty(variables, 'DATABRICKS_WORKSPACE_URL');
    if (!URL.canParse(workspaceUrl(variables))) throw wrong(`Environment variable DATABRICKS_WORKSPACE_URL with invalid url: ${variables['DATABRICKS_WORKSPACE_URL']}`);
    for (const name of ['DATABRICKS_AUTH_TOKEN', 'DATABRICKS_CLUSTER_ID', 'DATABRICKS_RUN_TIMEOUT'] as const) notEmpty(variables, name);
    // it becomes part of a header
    if (!/^[\x21-\x7e]+$/.test(variables['DATABRICKS_AUTH_TOKEN'] ?? '')) throw wrong('Environment variable DATABRICKS_AUTH_TOKEN has characters that no token has');
  } else {
    notEmpty(variables, 'ON_DEMAND_SOURCE');
  }
  notEmpty(variables, 'DATABRICKS_TYPE_MAPPING');
  if (notebooksOf(variables).size === 0) throw invalidMapping(variables, 'it names no model type');
}

function notEmpty(variables: Env, name: OriginalVariable | OnDemandName): void {
  if (given(variables, name) === undefined) throw wrong(`Environment variable ${name} was not supplied or empty`);
}

/** The original took an address without its scheme and failed at the first call. */
function workspaceUrl(variables: Env): string {
  const text = (given(variables, 'DATABRICKS_WORKSPACE_URL') ?? '').trim();
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) || text === '' ? text : `https://${text}`;
  return /^https?:\/\/[^\s/?#]+/i.test(url) ? url.replace(/\/+$/, '') : '';
}

function notebooksOf(variables: Env): ReadonlyMap<string, string> {
  const text = given(variables, 'DATABRICKS_TYPE_MAPPING');
  if (text === undefined) return new Map();
  const mapping = parsed(variables, text);
  if (typeof mapping !== 'object' || mapping === null || Array.isArray(mapping)) throw invalidMapping(variables, 'it must be an object');
  // entries are own properties: no model type is called 'constructor' unless the mapping says so
  return new Map(
    Object.entries(mapping).map(([type, path]) => {
      if (type === '' || typeof path !== 'string' || path === '') throw invalidMapping(variables, `'${type}' needs the path of a notebook`);
      return [type, path];
    }),
  );
}

function parsed(variables: Env, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidMapping(variables, error instanceof Error ? error.message : 'it is not JSON');
  }
}

function invalidMapping(variables: Env, problem: string): TrainyardError {
  return wrong(`Environment variable DATABRICKS_TYPE_MAPPING with invalid json: ${variables['DATABRICKS_TYPE_MAPPING']} (${problem})`);
}

function portOf(variables: Env): number {
  const text = given(variables, 'PORT') ?? ORIGINAL_VARIABLES.PORT.default;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw wrong(`Environment variable PORT with invalid port: ${text}`);
  return Number(text);
}

function timeoutOf(variables: Env): number | undefined {
  const text = given(variables, 'DATABRICKS_RUN_TIMEOUT') ?? '0';
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds > MAX_TIMEOUT_SECONDS) throw wrong(`Environment variable DATABRICKS_RUN_TIMEOUT with invalid number of seconds: ${text}`);
  return seconds === 0 ? undefined : seconds * 1000;
}

function placeOf(variables: Env, engine: OnDemandConfig['engine']): NotebookPlace {
  const source = given(variables, 'ON_DEMAND_SOURCE');
  if (source !== undefined && /^(https|file):\/\//i.test(source)) return { kind: 'git', url: source, reference: given(variables, 'ON_DEMAND_SOURCE_REFERENCE'), provider: providerOf(variables, engine) };
  const onlyForGit = (['ON_DEMAND_SOURCE_REFERENCE', 'ON_DEMAND_SOURCE_PROVIDER'] as const).find((name) => given(variables, name) !== undefined);
  if (onlyForGit !== undefined) throw wrong(`Environment variable ${onlyForGit} is about a git repository, and ON_DEMAND_SOURCE is ${source === undefined ? 'not set' : 'not the URL of one (https:// or file://)'}`);
  if (source === undefined) return { kind: 'workspace' };
  // not repeated: there may be a password in it
  if (/^([a-z][a-z0-9+.-]*:\/\/|[^/]+@[^/]+:)/i.test(source)) throw wrong('Environment variable ON_DEMAND_SOURCE with invalid url: a git repository must begin with https:// or file://, and everything else is a directory');
  if (engine === 'databricks') throw wrong(`Environment variable ON_DEMAND_SOURCE with invalid url: ${source} (a directory can only be run by the engine local)`);
  return { kind: 'directory', path: source };
}

function providerOf(variables: Env, engine: OnDemandConfig['engine']): GitProvider | undefined {
  const text = given(variables, 'ON_DEMAND_SOURCE_PROVIDER');
  if (text === undefined) return undefined;
  if (engine === 'local') throw wrong('Environment variable ON_DEMAND_SOURCE_PROVIDER is for Databricks, and ON_DEMAND_ENGINE is local');
  const provider = GIT_PROVIDERS.find((name) => name === text);
  if (provider === undefined) throw wrong(`Environment variable ON_DEMAND_SOURCE_PROVIDER must be one of ${GIT_PROVIDERS.join(', ')}, found: ${text}${didYouMean(text, GIT_PROVIDERS)}`);
  return provider;
}

function logLevelOf(variables: Env): string | undefined {
  const text = given(variables, 'LOG_LEVEL');
  if (text === undefined) return undefined;
  const level = LOG_LEVELS.get(text.toLowerCase());
  if (level === undefined && variables['NODE_ENV'] !== 'test') throw wrong(`Environment variable LOG_LEVEL must be one of ${[...LOG_LEVELS.keys()].join(', ')}, found: ${text}`);
  return level;
}

function choice(variables: Env, name: OnDemandName): string {
  const { default: fallback, values = [] }: { default: string; values?: readonly string[] } = ON_DEMAND_SETTINGS[name];
  const text = given(variables, name) ?? fallback;
  if (!values.includes(text)) throw wrong(`Environment variable ${name} must be ${values.join(' or ')}, found: ${text}`);
  return text;
}

/** A misspelt variable would silently leave its default in force. Where nothing else speaks of this service, a name that is not near may be another program's. */
function refuseUnknown(variables: Env, opens: boolean): void {
  const endings = Object.keys(ON_DEMAND_SETTINGS).map((name) => name.slice(PREFIX.length));
  const unknown = Object.keys(variables).find((name) => name.startsWith(PREFIX) && !NAMES.includes(name) && (opens || didYouMean(name.slice(PREFIX.length), endings) !== ''));
  if (unknown !== undefined) throw wrong(`Environment variable ${unknown} is not known${didYouMean(unknown, NAMES)}`);
}

function given(variables: Env, name: OriginalVariable | OnDemandName): string | undefined {
  const value = variables[name];
  return value === '' ? undefined : value;
}

function wrong(problem: string): TrainyardError {
  return new TrainyardError('ON_DEMAND_VARIABLE', { problem });
}
