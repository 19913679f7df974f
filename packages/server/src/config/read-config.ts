import { homedir } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseDuration } from '@trainyard/core/duration.ts';
import { TrainyardError, messageOf } from '@trainyard/core/errors.ts';
import { didYouMean } from '@trainyard/core/nearest.ts';
import type { OidcSettings } from '../auth/oidc/oidc-settings.ts';
import { isAllowEntry } from '../platform/outbound/allow-list.ts';
import { type DatabricksSettings, readDatabricks } from './read-databricks.ts';
import { readOidc } from './read-oidc.ts';
import { type Setting, type SettingName, SETTINGS } from './schema.ts';

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly token: string | undefined;
  readonly auth: boolean;
  /** Undefined when no identity provider is named. */
  readonly oidc: OidcSettings | undefined;
  readonly odahuLoginRedirect: boolean;
  readonly auditKeepMs: number;
  readonly allowedHosts: readonly string[];
  readonly outboundAllow: readonly string[];
  readonly runnerUrl: string | undefined;
  readonly maxRuns: number;
  readonly maxRunsPerProject: number;
  readonly maxLocalRuns: number;
  /** Undefined when no workspace is named. */
  readonly databricks: DatabricksSettings | undefined;
  readonly maxDatabricksRuns: number;
  /** Labels of each pool. */
  readonly nodePools: readonly Readonly<Record<string, string>>[];
  /** What of ODAHU's API may change things. */
  readonly odahuApis: readonly ('connection' | 'training')[];
  readonly odahuEngine: string;
  readonly odahuOutputConnection: string | undefined;
  readonly lookEveryMs: number;
  readonly missingGraceMs: number;
  readonly logLimitBytes: number;
  readonly uploadLimitBytes: number;
  readonly sourceLimitBytes: number;
  readonly dataLimitBytes: number;
  readonly localRoots: readonly string[];
  readonly artifacts: string;
  readonly artifactsEndpoint: string | undefined;
  readonly artifactsRegion: string | undefined;
  readonly artifactsPathStyle: boolean;
  readonly directTransfers: boolean;
  readonly artifactLimitBytes: number;
  readonly environmentCacheBytes: number;
  readonly deliverForMs: number;
  /** Undefined: silence alone ends no run. */
  readonly silentRunMs: number | undefined;
  readonly logLevel: string;
}

const NAMES = Object.keys(SETTINGS) as SettingName[];
const DAY_MS = 24 * 60 * 60_000;
const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'];

/** Flags win over environment variables, these over defaults. Throws INVALID_SETTING. Called once, at the door. */
export function readConfig(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Config {
  const given = flagsOf(argv);
  refuseUnknownVariables(env);
  const read = new Reader((name) => given[name] ?? (env[SETTINGS[name].env] === '' ? undefined : env[SETTINGS[name].env]));
  const dataDir = resolve(read.text('dataDir').replace(/^~(?=$|\/)/, homedir()));
  const token = read.optional('token');
  if (token !== undefined && !/^[\x21-\x7e]{16,}$/.test(token)) throw invalid('token', 'it must have at least 16 characters, without spaces, that a header can carry');
  if (!LOG_LEVELS.includes(read.text('logLevel'))) throw invalid('logLevel', `'${read.text('logLevel')}' is not one of ${LOG_LEVELS.join(', ')}`);
  const outboundAllow = read.list('outboundAllow');
  const strange = outboundAllow.find((entry) => !isAllowEntry(entry));
  if (strange !== undefined) throw invalid('outboundAllow', `'${strange}' is no host name, address or range: write hooks.example.org, 10.1.2.3 or 10.1.0.0/16`);
  return {
    host: read.text('host'),
    port: read.integer('port', 0, 65_535),
    dataDir,
    databaseUrl: read.optional('databaseUrl') ?? `sqlite://${resolve(dataDir, 'trainyard.db')}`,
    token,
    auth: read.flag('auth'),
    oidc: readOidc(read),
    odahuLoginRedirect: loginRedirectOf(read),
    auditKeepMs: read.integer('auditDays', 1, 36_500) * DAY_MS,
    allowedHosts: read.list('allowedHosts'),
    outboundAllow,
    runnerUrl: read.optional('runnerUrl')?.replace(/\/+$/, ''),
    maxRuns: read.integer('maxRuns', 1),
    maxRunsPerProject: read.integer('maxRunsPerProject', 1),
    maxLocalRuns: read.integer('maxLocalRuns', 1),
    databricks: readDatabricks((name) => read.optional(name)),
    maxDatabricksRuns: read.integer('maxDatabricksRuns', 1),
    nodePools: read.list('nodePools').map(nodePoolOf),
    odahuApis: odahuApisOf(read.list('odahuApis')),
    odahuEngine: read.text('odahuEngine'),
    odahuOutputConnection: read.optional('odahuOutputConnection'),
    lookEveryMs: read.duration('lookEvery'),
    missingGraceMs: read.duration('missingGrace'),
    logLimitBytes: read.bytes('logLimit'),
    uploadLimitBytes: read.bytes('uploadLimit'),
    sourceLimitBytes: read.bytes('sourceLimit'),
    dataLimitBytes: read.bytes('dataLimit'),
    localRoots: localRootsOf(read.list('localRoots')),
    artifacts: read.text('artifacts'),
    artifactsEndpoint: endpointOf(read.optional('artifactsEndpoint')),
    artifactsRegion: read.optional('artifactsRegion'),
    artifactsPathStyle: read.flag('artifactsPathStyle'),
    directTransfers: read.flag('directTransfers'),
    artifactLimitBytes: read.bytes('artifactLimit'),
    environmentCacheBytes: read.bytes('environmentCache'),
    deliverForMs: read.duration('deliverFor'),
    silentRunMs: read.optional('silentRunAfter') === undefined ? undefined : read.duration('silentRunAfter'),
    logLevel: read.text('logLevel'),
  };
}

/** `size=huge+gpu=a100` */
function nodePoolOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text.split('+').map((label) => {
      const [, name, value] = /^([A-Za-z0-9][\w./-]*)=([\w.-]*)$/.exec(label) ?? [];
      if (name === undefined || value === undefined) throw invalid('nodePools', `'${label}' is no label: write name=value, and several of one pool with + between them`);
      return [name, value];
    }),
  );
}

/** `off` is the whole list or none of it. */
function odahuApisOf(names: readonly string[]): ('connection' | 'training')[] {
  if (names.length === 1 && names[0] === 'off') return [];
  const strange = names.find((name) => name !== 'connection' && name !== 'training');
  if (strange !== undefined) throw invalid('odahuApis', `'${strange}' is not one of connection, training, off`);
  return (['connection', 'training'] as const).filter((name) => names.includes(name));
}

function localRootsOf(directories: readonly string[]): readonly string[] {
  const strange = directories.find((directory) => !isAbsolute(directory));
  if (strange !== undefined) throw invalid('localRoots', `'${strange}' is not an absolute path: write /srv/datasets`);
  return directories;
}

function loginRedirectOf(read: Reader): boolean {
  const wanted = read.flag('odahuLoginRedirect');
  if (wanted && read.optional('oidcIssuer') === undefined) throw invalid('odahuLoginRedirect', `there is no login page to send anybody to: name the identity provider with ${SETTINGS.oidcIssuer.env}`);
  return wanted;
}

/** Without its last slash. Not repeated when it is wrong: somebody may have put a key into it. */
function endpointOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) throw invalid('artifactsEndpoint', 'it is not a URL: write https://host:port');
  if (url.username !== '' || url.password !== '' || url.search !== '') throw invalid('artifactsEndpoint', 'it must not hold credentials: they come from the usual places of the cloud');
  return text.replace(/\/+$/, '');
}

function flagsOf(argv: readonly string[]): Partial<Record<SettingName, string>> {
  const byFlag = new Map(NAMES.filter((name) => SETTINGS[name].flag !== '').map((name) => [SETTINGS[name].flag as string, name]));
  const options = Object.fromEntries([...byFlag.keys()].map((flag) => [flag, { type: 'string' as const }]));
  let values: Readonly<Record<string, string | boolean | undefined>>;
  try {
    ({ values } = parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }));
  } catch (error) {
    const typed = /'--?([\w-]+)'?/.exec(messageOf(error))?.[1] ?? argv[0] ?? '';
    throw new TrainyardError('INVALID_SETTING', { setting: `--${typed}`, problem: `${messageOf(error).split('.')[0] ?? ''}${didYouMean(typed, [...byFlag.keys()])}` });
  }
  return Object.fromEntries(Object.entries(values).flatMap(([flag, value]) => (typeof value === 'string' ? [[byFlag.get(flag), value]] : [])));
}

/** Names that other parts of Trainyard read, beside the server's settings. */
const OTHER_VARIABLES = ['TRAINYARD_URL', 'TRAINYARD_LOCAL_DIR', 'TRAINYARD_DEBUG', 'TRAINYARD_ATTEMPT', 'TRAINYARD_ENDS_WITH_INPUT'];

/** A misspelt variable would silently leave its default in force. */
function refuseUnknownVariables(env: Readonly<Record<string, string | undefined>>): void {
  const known = [...NAMES.map((name) => SETTINGS[name].env as string), ...OTHER_VARIABLES];
  const unknown = Object.keys(env).find((name) => name.startsWith('TRAINYARD_') && !name.startsWith('TRAINYARD_TEST_') && !known.includes(name));
  if (unknown !== undefined) throw new TrainyardError('INVALID_SETTING', { setting: unknown, problem: `there is no such environment variable${didYouMean(unknown, known)}` });
}

function invalid(name: SettingName, problem: string): TrainyardError {
  return new TrainyardError('INVALID_SETTING', { setting: SETTINGS[name].flag || SETTINGS[name].env, problem });
}

const BYTE_UNITS: Readonly<Record<string, number>> = { '': 1, B: 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30, TIB: 2 ** 40 };

class Reader {
  readonly #given: (name: SettingName) => string | undefined;

  constructor(given: (name: SettingName) => string | undefined) {
    this.#given = given;
  }

  optional(name: SettingName): string | undefined {
    return this.#given(name);
  }

  text(name: SettingName): string {
    return this.#given(name) ?? (SETTINGS[name] as Setting).default;
  }

  integer(name: SettingName, min: number, max = Number.MAX_SAFE_INTEGER): number {
    const text = this.text(name);
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) throw invalid(name, `'${text}' is not a whole number from ${min}${max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`}`);
    return value;
  }

  duration(name: SettingName): number {
    const ms = parseDuration(this.text(name));
    if (ms === undefined || ms <= 0) throw invalid(name, `'${this.text(name)}' is not a duration: write 90s, 15m or 4h`);
    return ms;
  }

  bytes(name: SettingName): number {
    const match = /^(\d+(?:\.\d+)?)\s*([KMGT]?i?B?)$/i.exec(this.text(name));
    const unit = match?.[2] === undefined ? undefined : BYTE_UNITS[match[2].toUpperCase()];
    if (match?.[1] === undefined || unit === undefined) throw invalid(name, `'${this.text(name)}' is not a size: write 500MB or 2GiB`);
    return Math.round(Number(match[1]) * unit);
  }

  flag(name: SettingName): boolean {
    const text = this.text(name).toLowerCase();
    if (!['on', 'off', 'true', 'false'].includes(text)) throw invalid(name, `'${text}' is neither on nor off`);
    return text === 'on' || text === 'true';
  }

  list(name: SettingName): string[] {
    return this.text(name).split(',').map((item) => item.trim()).filter((item) => item !== '');
  }
}
