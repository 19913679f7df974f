import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Io } from '../io.ts';
import { type FoundManifest, KINDS } from './manifest.ts';

/** A manifest file or directory as it was named, and what it holds. */
export interface ManifestPlace {
  /** Absolute directory that is packed as the source; undefined when the manifest came from stdin. */
  readonly dir: string | undefined;
  readonly manifests: readonly FoundManifest[];
}

const MAX_BYTES = 4 * 1024 * 1024;
const TRAINING = ['ModelTraining'] as const;
const FIRST_NAMES = ['train.yaml', 'train.yml', 'train.json'];

/** Reads the trainings of a file, or of stdin when its name is `-`. */
export function readManifests(io: Pick<Io, 'stdin' | 'cwd'>, name: string): Promise<ManifestPlace> {
  return readKinds(io, name, TRAINING);
}

/** The same for resources of other kinds. */
export async function readKinds<K extends string>(io: Pick<Io, 'stdin' | 'cwd'>, name: string, kinds: readonly K[]): Promise<{ readonly dir: string | undefined; readonly manifests: readonly FoundManifest<K>[] }> {
  if (name === '-') return { dir: undefined, manifests: await parse(await readAll(io.stdin), 'stdin', kinds) };
  const file = path.resolve(io.cwd, name);
  return { dir: path.dirname(file), manifests: await parse(await readText(file, name), name, kinds) };
}

/** Files of resources that lie in a directory, or the one file itself, sorted by name. */
export async function manifestFiles(io: Pick<Io, 'cwd'>, name: string): Promise<string[]> {
  const place = path.resolve(io.cwd, name);
  if (name === '-' || !(await isDirectory(place, name))) return [name];
  const files = await others(place, await readdir(place), KINDS);
  if (files.length === 0) throw new TrainyardError('USAGE', { problem: `there are no manifests in '${name}'`, advice: `a manifest is a .yaml, .yml or .json file that begins with one of: ${KINDS.map((kind) => `kind: ${kind}`).join(', ')}` });
  return files.map((file) => path.join(name, file));
}

/**
 * What `train run` was pointed at: a manifest file, or a directory with `train.yaml` or exactly one other manifest in it.
 * No manifests when the directory has none.
 */
export async function findManifests(io: Pick<Io, 'stdin' | 'cwd'>, name: string): Promise<ManifestPlace> {
  const place = path.resolve(io.cwd, name);
  if (name === '-' || !(await isDirectory(place, name))) return await readManifests(io, name);
  const names = await readdir(place);
  const first = FIRST_NAMES.find((one) => names.includes(one));
  const candidates = first === undefined ? await others(place, names, TRAINING) : [first];
  if (candidates.length > 1) {
    throw new TrainyardError('USAGE', { problem: `'${name}' holds several manifests: ${candidates.join(', ')}`, advice: `name the one that is meant: trainyard train run ${path.join(name, candidates[0] ?? '')}` });
  }
  const [only] = candidates;
  if (only === undefined) return { dir: place, manifests: [] };
  const shown = name === '.' ? only : path.join(name, only);
  return { dir: place, manifests: await parse(await readText(path.join(place, only), shown), shown, TRAINING) };
}

async function others(dir: string, names: readonly string[], kinds: readonly string[]): Promise<string[]> {
  const { looksLikeManifest } = await import('./parse-manifest.ts');
  const found: string[] = [];
  for (const name of names.filter((one) => /\.(ya?ml|json)$/i.test(one)).toSorted()) {
    const file = path.join(dir, name);
    const facts = await stat(file);
    if (facts.isFile() && facts.size <= MAX_BYTES && looksLikeManifest(await readFile(file, 'utf8'), kinds)) found.push(name);
  }
  return found;
}

async function parse<K extends string>(text: string, file: string, kinds: readonly K[]): Promise<FoundManifest<K>[]> {
  const { parseManifests } = await import('./parse-manifest.ts');
  return parseManifests(text, file, kinds);
}

async function isDirectory(place: string, name: string): Promise<boolean> {
  try {
    return (await stat(place)).isDirectory();
  } catch (error) {
    throw unreadable(name, error);
  }
}

async function readText(file: string, name: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size <= MAX_BYTES) return await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(name, error);
  }
  throw new TrainyardError('TOO_LARGE', { what: `the manifest '${name}'`, limit: MAX_BYTES });
}

function unreadable(name: string, error: unknown): TrainyardError {
  const { code } = error as NodeJS.ErrnoException;
  const problem = code === 'ENOENT' ? `there is no file or directory '${name}'` : `'${name}' cannot be read (${code ?? String(error)})`;
  return new TrainyardError('USAGE', { problem, advice: 'name a manifest, or the directory of a training' }, { cause: error });
}

async function readAll(stdin: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_BYTES) throw new TrainyardError('TOO_LARGE', { what: 'the manifest on stdin', limit: MAX_BYTES });
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
