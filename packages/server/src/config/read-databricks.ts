import { TrainyardError } from '@trainyard/core/errors.ts';
import type { ClusterChoice } from '@trainyard/core/training/spec.ts';
import { isLoopback } from './loopback.ts';
import { SETTINGS } from './schema.ts';

/** The workspace of the engine `databricks`. */
export interface DatabricksSettings {
  /** Without a trailing slash. */
  readonly url: string;
  readonly credentials: { readonly token: string } | { readonly clientId: string; readonly clientSecret: string };
  /** Where a training runs that does not say it. */
  readonly cluster: ClusterChoice;
  /** Without a trailing slash; the home of the server's identity when absent. */
  readonly files?: string | undefined;
}

export type DatabricksName = 'databricksUrl' | 'databricksToken' | 'databricksClientId' | 'databricksClientSecret' | 'databricksCluster' | 'databricksFiles';

/** Undefined when no workspace is named. Throws INVALID_SETTING. */
export function readDatabricks(optional: (name: DatabricksName) => string | undefined): DatabricksSettings | undefined {
  const text = optional('databricksUrl');
  const given = (['databricksToken', 'databricksClientId', 'databricksClientSecret', 'databricksCluster', 'databricksFiles'] as const).find((name) => optional(name) !== undefined);
  if (text === undefined) {
    if (given !== undefined) throw invalid(given, `it is for a workspace of Databricks, and none is named: set ${SETTINGS.databricksUrl.env}`);
    return undefined;
  }
  const cluster = optional('databricksCluster') ?? 'serverless';
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(cluster)) throw invalid('databricksCluster', `'${cluster}' is neither serverless nor the id of a cluster`);
  return { url: workspaceUrl(SETTINGS.databricksUrl.env, text), credentials: credentialsOf(optional), cluster: cluster === 'serverless' ? cluster : { existing: cluster }, ...filesIn(optional('databricksFiles')) };
}

/** Clusters see it under the same path. */
function filesIn(text: string | undefined): Pick<DatabricksSettings, 'files'> {
  if (text === undefined) return {};
  const path = text.replace(/\/+$/, '');
  const isClean = path.split('/').every((part, index) => index === 0 || !/^\.*$|[\\\u0000-\u001f]/.test(part));
  if (!isClean || !/^\/(Workspace\/.|Volumes\/[^/]+\/[^/]+\/.)/.test(path)) throw invalid('databricksFiles', `'${text}' is neither a directory of the workspace (/Workspace/…) nor of a volume (/Volumes/catalog/schema/volume)`);
  return { files: path };
}

/** The address of a workspace in its one form. Everything sent there carries a token: never in the clear, but to this machine. */
export function workspaceUrl(setting: string, text: string): string {
  const wrong = (problem: string): TrainyardError => new TrainyardError('INVALID_SETTING', { setting, problem });
  const url = URL.parse(text.trim());
  if (url === null || !['https:', 'http:'].includes(url.protocol)) throw wrong('it is not the URL of a workspace: write https://adb-123.4.azuredatabricks.net');
  // not repeated when it is wrong: somebody may have put a token into it
  if (url.username !== '' || url.password !== '') throw wrong('it must not hold credentials');
  if (url.pathname.replace(/\/+$/, '') !== '' || url.search !== '' || url.hash !== '') throw wrong('it must be the address of the workspace alone, without a path');
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) throw wrong('it must begin with https://: a token is sent there');
  return url.origin;
}

function credentialsOf(optional: (name: DatabricksName) => string | undefined): DatabricksSettings['credentials'] {
  const [token, clientId, clientSecret] = [optional('databricksToken'), optional('databricksClientId'), optional('databricksClientSecret')];
  if (token !== undefined && (clientId !== undefined || clientSecret !== undefined)) throw invalid('databricksToken', `a token and a service principal are both given, must be only one`);
  if (token !== undefined) {
    // it becomes part of a header
    if (!/^[\x21-\x7e]+$/.test(token)) throw invalid('databricksToken', 'it has characters that no token has');
    return { token };
  }
  if (clientId === undefined && clientSecret === undefined) throw invalid('databricksUrl', `the workspace needs credentials: set ${SETTINGS.databricksToken.env}, or ${SETTINGS.databricksClientId.env} and ${SETTINGS.databricksClientSecret.env}`);
  if (clientId === undefined) throw invalid('databricksClientSecret', `it needs ${SETTINGS.databricksClientId.env} beside it`);
  if (clientSecret === undefined) throw invalid('databricksClientId', `it needs ${SETTINGS.databricksClientSecret.env} beside it`);
  return { clientId, clientSecret };
}

function invalid(name: DatabricksName, problem: string): TrainyardError {
  return new TrainyardError('INVALID_SETTING', { setting: SETTINGS[name].env, problem });
}
