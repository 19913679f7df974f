import { existsSync } from 'node:fs';
import type { PrepareContext } from '../environment.ts';
import { interpreters } from '../interpreters/find-interpreter.ts';
import { askProgram, builderEnvironment } from './run-builder.ts';

/** What the user told pip, by the long name of the option: index-url, find-links, cert, … */
export type PipSettings = ReadonlyMap<string, string>;

/**
 * The configuration of the machine's own pip, from its files and PIP_* variables. With it the packages come from where they come
 * for everything else on this machine: a mirror of a company, a directory. Asked of the Python that is used, or else of the
 * first that has a pip.
 */
export async function readPipSettings(python: string, context: PrepareContext): Promise<PipSettings> {
  const env = { ...builderEnvironment(context.env), PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  const ask = (path: string): Promise<string | undefined> => askProgram([path, '-m', 'pip', 'config', 'list'], { cwd: context.cacheDir, env }, context);
  const printed = await ask(python);
  if (printed !== undefined) return parsePipSettings(printed);
  for await (const { path } of interpreters(context)) {
    const other = path === python ? undefined : await ask(path);
    if (other !== undefined) return parsePipSettings(other);
  }
  return settingsOf(context.env);
}

/** Without any pip, the variables are all that can be read. */
function settingsOf(env: Readonly<Record<string, string>>): PipSettings {
  const set = Object.entries(env).filter(([name, value]) => name.startsWith('PIP_') && value !== '');
  return new Map(set.map(([name, value]) => [name.slice('PIP_'.length).toLowerCase().replaceAll('_', '-'), value]));
}

/** Sections in pip's order: a later one wins, and the variables over all files. */
const SECTIONS = ['global', 'install', ':env:'];

export function parsePipSettings(printed: string): PipSettings {
  const found = printed.split('\n').flatMap((line) => {
    const [, section = '', name, value] = /^(global|install|:env:)\.([a-z][a-z0-9-]*)=(['"].*['"])\s*$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [{ rank: SECTIONS.indexOf(section), name, value: fromPython(value) }];
  });
  return new Map(found.toSorted((a, b) => a.rank - b.rank).map(({ name, value }) => [name, value]));
}

/** The same in uv's variables. Variables of uv that the user has set himself are stronger. */
export function uvVariables(settings: PipSettings, env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const words = (name: string): readonly string[] => (settings.get(name) ?? '').split(/\s+/).filter((word) => word !== '');
  // uv gives up on a directory that is not there, pip does not
  const links = words('find-links').filter((link) => /^[a-z+]+:/i.test(link) || existsSync(link));
  const proxy = settings.get('proxy');
  const variables: Record<string, string | undefined> = {
    UV_DEFAULT_INDEX: env['UV_INDEX_URL'] === undefined ? settings.get('index-url') : undefined,
    UV_INDEX: env['UV_EXTRA_INDEX_URL'] === undefined ? joined(words('extra-index-url'), ' ') : undefined,
    UV_FIND_LINKS: joined(links, ','),
    UV_INSECURE_HOST: joined(words('trusted-host'), ' '),
    UV_NO_INDEX: isTrue(settings.get('no-index')) ? '1' : undefined,
    UV_KEYRING_PROVIDER: settings.get('keyring-provider') === 'subprocess' ? 'subprocess' : undefined,
    UV_HTTP_TIMEOUT: settings.get('timeout') ?? settings.get('default-timeout'),
    SSL_CERT_FILE: settings.get('cert'),
    SSL_CLIENT_CERT: settings.get('client-cert'),
    HTTP_PROXY: 'http_proxy' in env ? undefined : proxy,
    HTTPS_PROXY: 'https_proxy' in env ? undefined : proxy,
  };
  const set = Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined && !(entry[0] in env));
  return Object.fromEntries(set);
}

function joined(words: readonly string[], separator: string): string | undefined {
  return words.length === 0 ? undefined : words.join(separator);
}

function isTrue(value: string | undefined): boolean {
  return /^(1|true|yes|on|y|t)$/i.test(value ?? '');
}

/** pip prints values as Python writes text: 'it' or "it's", with escapes. */
function fromPython(printed: string): string {
  return printed.slice(1, -1).replace(/\\(x[0-9a-f]{2}|u[0-9a-f]{4}|.)/gi, (_, code: string) => {
    if (/^[xu]./i.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return { n: '\n', r: '\r', t: '\t' }[code] ?? code;
  });
}
