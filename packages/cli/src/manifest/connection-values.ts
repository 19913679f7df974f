import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { SECRET_FIELDS } from '@trainyard/core/connection/connection-spec.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Env } from '../io.ts';

/** Fields of a connection that may stand elsewhere: in a file, or in a variable of the environment. */
export const REFERRED_FIELDS = [...SECRET_FIELDS, 'publicKey'] as const;

export interface ValueSources {
  /** Relative file names are meant from here; undefined when there is no such place. */
  readonly dir: string | undefined;
  readonly env: Env;
  /** What is said to be wrong stands here. */
  readonly where: string;
}

/** base64 of "-----BEGIN": a key as ODAHU's manifests have it. */
const ENCODED_KEY = /^LS0tLS1CRUdJTi/;

/** A key of SSH that is handed out: the file beside the private one, with .pub at its end. */
const PUBLIC_KEY = /^(?:(?:ssh-|ecdsa-|sk-)[\w.@-]+ [A-Za-z0-9+/]|-----BEGIN [A-Z0-9 ]*PUBLIC KEY-----|---- BEGIN SSH2 PUBLIC KEY)/;

/**
 * The spec of a connection with its values: `keySecretFile` names a file and `keySecretEnv` a variable of the environment in
 * place of `keySecret`, and likewise for the other secrets and `publicKey`. Numbers become the text that was written.
 */
export async function withValues(spec: Readonly<Record<string, unknown>>, sources: ValueSources): Promise<Record<string, unknown>> {
  const whole: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(spec)) whole[name] = typeof value === 'number' ? String(value) : value;
  for (const field of REFERRED_FIELDS) {
    const ways = [field, `${field}File`, `${field}Env`].filter((name) => whole[name] !== undefined);
    if (ways.length > 1) throw wrong(sources, `${ways.join(' and ')} are both there: write one of them`);
    const value = await valueOf(whole, field, sources);
    for (const name of [`${field}File`, `${field}Env`]) delete whole[name];
    if (value !== undefined) whole[field] = value;
    if (typeof value === 'string' && ENCODED_KEY.test(value)) throw wrong(sources, `${field} is a key in base64, as ODAHU's manifests have it: write it as it is, or name its file with ${field}File, or apply the file with --odahu`);
  }
  if (typeof whole['keySecret'] === 'string' && PUBLIC_KEY.test(whole['keySecret'])) throw wrong(sources, 'keySecret is a public key: the private one is needed, whose file has no .pub at its end');
  return whole;
}

async function valueOf(spec: Readonly<Record<string, unknown>>, field: string, sources: ValueSources): Promise<unknown> {
  const [file, variable] = [spec[`${field}File`], spec[`${field}Env`]];
  if (typeof file === 'string') return fileValue(file, `${field}File`, sources);
  if (typeof variable !== 'string') return spec[field];
  const value = sources.env[variable];
  if (value === undefined || value === '') throw wrong(sources, `${field}Env names the environment variable ${variable}, which is not set`);
  return value;
}

/** One line end behind a single line is no part of a secret; a key of several lines keeps its last. */
async function fileValue(name: string, field: string, sources: ValueSources): Promise<string> {
  if (sources.dir === undefined && !path.isAbsolute(name)) throw wrong(sources, `${field} '${name}' is relative, and there is no file it could be relative to: write it from the root`);
  try {
    const text = await readFile(path.resolve(sources.dir ?? '/', name), 'utf8');
    const line = text.replace(/\r?\n$/, '');
    return line.includes('\n') ? text : line;
  } catch (error) {
    throw wrong(sources, `${field} '${name}' cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
}

function wrong({ where }: ValueSources, problem: string): TrainyardError {
  return new TrainyardError('INVALID_MANIFEST', { file: where, problem });
}
