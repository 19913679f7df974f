import { withoutEndingSlashes } from '@trainyard/core/ending-slashes.ts';
import { withoutBrackets } from '../look-up.ts';

/** A repository's URL, taken apart, without credentials. */
export type GitUrl = HttpsUrl | SshUrl | FileUrl;

export interface HttpsUrl {
  readonly kind: 'https';
  /** As git gets it, and as it is shown. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** What stood before the '@'. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

export interface SshUrl {
  readonly kind: 'ssh';
  readonly url: string;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
}

export interface FileUrl {
  readonly kind: 'file';
  readonly url: string;
  /** Absolute. */
  readonly path: string;
}

const SSH_PORT = 22;
// neither a user nor a host begins with '-': ssh would take it for an option
const NAME = '[A-Za-z0-9_][A-Za-z0-9._-]*';
const HOST = `(?:\\[[0-9A-Fa-f:.]+\\]|${NAME})`;
const SSH = new RegExp(`^(?:git\\+)?ssh://(?:(${NAME})@)?(${HOST})(?::(\\d{1,5}))?(/[^-\\s][^\\n]*)$`, 'i');
/** As scp writes it: `user@host:path`. ODAHU also has a slash for the colon. */
const SCP = new RegExp(`^(${NAME})@(${HOST})(?::|(?=/))([^-:\\n][^\\n]*)$`);
/** What steps up do not leave, and the path behind it. */
const ROOT = /^((?:https|ssh):\/\/[^/]+\/|file:\/\/\/|[^/@]+@(?:\[[^\]]+\]|[^/:]+):\/?)(.*)$/;

/** Undefined for every other way to name a repository. */
export function parseGitUrl(uri: string): GitUrl | undefined {
  return /^https:\/\//i.test(uri) ? parseHttps(uri) : /^file:\/\/\//i.test(uri) ? parseFile(uri) : parseSsh(uri);
}

/** Where a submodule comes from: relative ones start from the repository that names them. */
export function resolveGitUrl(from: GitUrl, uri: string): GitUrl | undefined {
  if (!/^\.\.?\//.test(uri)) return parseGitUrl(uri);
  const [, root = '', path = ''] = ROOT.exec(withoutEndingSlashes(from.url)) ?? [];
  const steps = path.split('/');
  for (const step of uri.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '.') steps.push(step);
  }
  return parseGitUrl(`${root}${steps.join('/')}`);
}

function parseHttps(uri: string): HttpsUrl | undefined {
  if (/\s/.test(uri) || !URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  const login = { ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }), ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }) };
  url.username = '';
  url.password = '';
  return { kind: 'https', url: url.href, host: url.hostname, port: Number(url.port || 443), ...login };
}

function parseFile(uri: string): FileUrl | undefined {
  try {
    // git decodes it, too
    const path = decodeURIComponent(uri.slice('file://'.length));
    return /[\0\n]/.test(path) ? undefined : { kind: 'file', url: uri, path };
  } catch {
    // a percent sign that encodes nothing: git and we might read it differently
    return undefined;
  }
}

function parseSsh(uri: string): SshUrl | undefined {
  const [, user, host, port, path] = SSH.exec(uri) ?? [];
  if (host === undefined || path === undefined) return parseScp(uri);
  const number = Number(port ?? SSH_PORT);
  if (number < 1 || number > 65_535) return undefined;
  const authority = `${user === undefined ? '' : `${user}@`}${host.toLowerCase()}${number === SSH_PORT ? '' : `:${number}`}`;
  return { kind: 'ssh', url: `ssh://${authority}${path}`, host: withoutBrackets(host.toLowerCase()), port: number };
}

/** Kept in this form: its path starts in the home directory of the user, and what `ssh://` has for that not every host knows. */
function parseScp(uri: string): SshUrl | undefined {
  const [, user, host, path] = SCP.exec(uri) ?? [];
  return host === undefined ? undefined : { kind: 'ssh', url: `${user}@${host.toLowerCase()}:${path}`, host: withoutBrackets(host.toLowerCase()), port: SSH_PORT };
}
