import { type Command, InvalidArgumentError, Option } from 'commander';
import { CREDENTIAL_SOURCES } from '@trainyard/core/connection/connection-spec.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Io } from '../io.ts';
import { CONNECTION_TYPES, misspeltType } from './connection-types.ts';
import { REFERRED_FIELDS, withValues } from './connection-values.ts';

/** What of a connection can be said on the command line. A secret can not: others would see it there. */
export type ConnectionFlags = Readonly<Record<string, string | boolean | undefined>>;

const TEXTS = {
  type: ['type', `${CONNECTION_TYPES.slice(0, -1).join(', ')} or ${CONNECTION_TYPES.at(-1)}`],
  uri: ['uri', 'where it leads to'],
  description: ['text', 'a sentence for people'],
  webUILink: ['url', 'a page for people'],
  region: ['name', 'region of an object store'],
  endpoint: ['url', "address of an object store that is not the cloud's own"],
  username: ['name', 'user name'],
  role: ['name', 'role that is assumed'],
  reference: ['name', 'git: branch, tag or commit when a training names none'],
  checksum: ['digest', 'http: sha256:<64 hex digits>'],
} as const;

const CHOICES = { pathStyle: 'the bucket stands in the path of the address', submodules: 'git: fetch submodules too', lfs: 'git: fetch large files too', vital: 'it may not be deleted' } as const;

const SECRETS = { password: 'the password', keyID: 'the id of the key', keySecret: 'the key: of an object store, of SSH, or the JSON of a service account', token: 'the token', publicKey: 'trusted host keys, as lines of known_hosts' } as const satisfies Record<(typeof REFERRED_FIELDS)[number], string>;

/** Adds the flags; `withConnectionFlags` of two commands are the same. */
export function withConnectionFlags(command: Command): Command {
  for (const [field, [value, text]] of Object.entries(TEXTS)) command.addOption(new Option(`--${dashed(field)} <${value}>`, text).argParser(field === 'type' ? readType : (given: string) => given));
  command.addOption(new Option('--credentials <source>', 'where credentials come from').choices(CREDENTIAL_SOURCES));
  for (const [field, text] of Object.entries(CHOICES)) command.option(`--${dashed(field)}`, text).addOption(new Option(`--no-${dashed(field)}`).hideHelp());
  for (const [field, text] of Object.entries(SECRETS)) {
    command.option(`--${dashed(field)}-file <file>`, `file with ${text}; - asks for it, or reads stdin`);
    command.option(`--${dashed(field)}-env <name>`, `environment variable with ${text}`);
  }
  return command;
}

/** The fields that the flags say, with the values of the files and variables they name. */
export async function specFromFlags(io: Io, flags: ConnectionFlags): Promise<Record<string, unknown>> {
  const spec: Record<string, unknown> = {};
  for (const field of [...Object.keys(TEXTS), 'credentials', ...Object.keys(CHOICES)]) if (flags[camel(field)] !== undefined) spec[field] = flags[camel(field)];
  const asked = REFERRED_FIELDS.filter((field) => flags[camel(`${field}File`)] === '-');
  if (asked.length > 1) throw new TrainyardError('USAGE', { problem: `${asked.map((field) => `--${dashed(field)}-file -`).join(' and ')} would both read stdin`, advice: 'put one of them into a file that only you can read' });
  for (const field of REFERRED_FIELDS) {
    for (const way of ['File', 'Env']) {
      const value = flags[camel(`${field}${way}`)];
      if (value !== undefined && value !== '-') spec[`${field}${way}`] = value;
    }
  }
  for (const field of asked) {
    const { readSecret } = await import('../connection/read-secret.ts');
    spec[field] = await readSecret(io, `${SECRETS[field][0]?.toUpperCase() ?? ''}${SECRETS[field].slice(1)} (not shown): `);
  }
  return withValues(spec, { dir: io.cwd, env: io.env, where: 'the command line' });
}

function readType(text: string): string {
  const problem = misspeltType(text);
  if (problem !== undefined) throw new InvalidArgumentError(problem);
  return text;
}

/** `keyID` → `key-id`, `webUILink` → `web-ui-link`. */
function dashed(field: string): string {
  return field.replace(/ID$/, 'Id').replace('UI', 'Ui').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The name commander gives a flag. */
function camel(field: string): string {
  return dashed(field.replace(/ID(File|Env)$/, 'Id$1')).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
