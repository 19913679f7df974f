import { TrainyardError } from '@trainyard/core/errors.ts';
import { isLoopback } from './loopback.ts';

/** Where telemetry is sent, and as whom. */
export interface TelemetrySettings {
  /** The variable that asked for it. */
  readonly setting: string;
  readonly instrumentationKey: string;
  /** Without a trailing slash. */
  readonly ingestionUrl: string;
  readonly role: string;
}

type Env = Readonly<Record<string, string | undefined>>;

const CONNECTION = 'APPLICATIONINSIGHTS_CONNECTION_STRING';
const KEY = 'APP_INSIGHTS_INSTRUMENTATION_KEY';
/** For keys that come without an address; it sends us on to the key's region. */
const GLOBAL_URL = 'https://dc.services.visualstudio.com';

/**
 * Undefined when nothing asks for telemetry, and with NODE_ENV=test, as in the service that the variables come from. The environment
 * wins over the dotenv file. Throws INVALID_SETTING without repeating the value: it names who may send.
 */
export function readTelemetry(env: Env, dotenv: Env = {}): TelemetrySettings | undefined {
  const given = (name: string): string | undefined => {
    const value = (env[name] ?? dotenv[name])?.trim();
    return value === '' ? undefined : value;
  };
  if (given('NODE_ENV') === 'test') return undefined;
  const role = given('SERVICE_NAME') ?? 'trainyard';
  const connection = given(CONNECTION);
  if (connection !== undefined) return { setting: CONNECTION, role, ...parse(connection) };
  const instrumentationKey = given(KEY);
  return instrumentationKey === undefined ? undefined : { setting: KEY, role, instrumentationKey: checkedKey(KEY, instrumentationKey), ingestionUrl: GLOBAL_URL };
}

function parse(connection: string): { readonly instrumentationKey: string; readonly ingestionUrl: string } {
  const fields = new Map(
    connection.split(';').filter((part) => part.trim() !== '').map((part) => {
      const at = part.indexOf('=');
      if (at <= 0) throw wrong(CONNECTION, 'a part of it is not NAME=value');
      return [part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim()];
    }),
  );
  const key = fields.get('instrumentationkey');
  if (key === undefined || key === '') throw wrong(CONNECTION, 'it has no InstrumentationKey=…');
  return { instrumentationKey: checkedKey(CONNECTION, key), ingestionUrl: ingestionUrlOf(fields) };
}

function ingestionUrlOf(fields: ReadonlyMap<string, string>): string {
  const [suffix, location] = [fields.get('endpointsuffix'), fields.get('location')];
  const bySuffix = suffix === undefined ? GLOBAL_URL : `https://${location === undefined ? '' : `${location}.`}dc.${suffix}`;
  const url = URL.parse(fields.get('ingestionendpoint') ?? bySuffix);
  if (url === null || !['https:', 'http:'].includes(url.protocol) || url.username !== '' || url.search !== '') throw wrong(CONNECTION, 'its IngestionEndpoint is not the URL of a server');
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) throw wrong(CONNECTION, 'its IngestionEndpoint must begin with https://');
  return url.href.replace(/\/+$/, '');
}

/** Whether it is somebody's key only the other side knows. */
function checkedKey(setting: string, key: string): string {
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) throw wrong(setting, 'the key has characters that no key has');
  return key;
}

function wrong(setting: string, problem: string): TrainyardError {
  return new TrainyardError('INVALID_SETTING', { setting, problem });
}
