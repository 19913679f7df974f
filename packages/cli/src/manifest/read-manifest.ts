import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Io } from '../io.ts';
import { type FoundManifest, KINDS } from './manifest.ts';
import type { Standing } from './recognise.ts';

/** A manifest file or directory as it was named, and what it holds. */
export interface ManifestPlace {
  /** Absolute directory that is packed as the source; undefined when the manifest came from stdin. */
  readonly dir: string | undefined;
  /** Absolute; undefined when there are no manifests, or they came from stdin. */
  readonly file?: string | undefined;
  readonly manifests: readonly FoundManifest[];
}

export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/** What a manifest in a directory is called. */
export const MANIFEST_NAME = /\.(ya?ml|json)$/i;
const TRAINING = ['ModelTraining'] as const;
const FIRST_NAMES = ['train.yaml', 'train.yml', 'train.json'];

/** Reads the trainings of a file, or of stdin when its name is `-`. */
export function readManifests(io: Pick<Io, 'stdin' | 'cwd'>, name: string): Promise<ManifestPlace> {
  return readKinds(io, name, TRAINING);
}

/** The same for resources of other kinds. */
export async function readKinds<K extends string>(io: Pick<Io, 'stdin' | 'cwd'>, name: string, kinds: readonly K[]): Promise<Omit<ManifestPlace, 'manifests'> & { readonly manifests: readonly FoundManifest<K>[] }> {
  if (name === '-') return { dir: undefined, manifests: await parse(await readAll(io.stdin), 'stdin', kinds) };
  const file = path.resolve(io.cwd, name);
  return { dir: path.dirname(file), file, manifests: await parse(await readText(file, name), name, kinds) };
}

/** Files of resources in a directory, and what else lies there. */
export interface ManifestFiles {
  /** As they can be read from the working directory, sorted by name. */
  readonly files: readonly string[];
  /** Sentences about files that are somebody else's. */
  readonly foreign: readonly string[];
  /** Sentences about files that may have been meant for us. */
  readonly doubtful: readonly string[];
}

/** Manifests of a directory, or the one file itself. A file with a mistake in its kind counts: whoever reads it tells the mistake. */
export async function manifestFiles(io: Pick<Io, 'cwd'>, name: string, kinds: readonly string[]): Promise<ManifestFiles> {
  const place = path.resolve(io.cwd, name);
  if (name === '-' || !(await isDirectory(place, name))) return { files: [name], foreign: [], doubtful: [] };
  const lying = await standings(place, name, kinds);
  const files = lying.flatMap(({ file, standing }) => (standing.is === 'manifest' || standing.is === 'misspelt' ? [file] : []));
  const leftOut = (is: 'foreign' | 'doubtful'): string[] => lying.flatMap(({ file, standing }) => (standing.is === is ? [`${file} is left out: ${standing.why}`] : []));
  if (files.length === 0) throw new TrainyardError('USAGE', { problem: `there are no manifests in '${name}'`, advice: `a manifest is a .yaml, .yml or .json file that begins with one of: ${KINDS.map((kind) => `kind: ${kind}`).join(', ')}` });
  return { files, foreign: leftOut('foreign'), doubtful: leftOut('doubtful') };
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
  const candidates = first === undefined ? await trainings(place, name) : [first];
  if (candidates.length > 1) {
    throw new TrainyardError('USAGE', { problem: `'${name}' holds several manifests: ${candidates.join(', ')}`, advice: `name the one that is meant: trainyard train run ${path.join(name, candidates[0] ?? '')}` });
  }
  const [only] = candidates;
  if (only === undefined) return { dir: place, manifests: [] };
  const shown = name === '.' ? only : path.join(name, only);
  const file = path.join(place, only);
  return { dir: place, file, manifests: await parse(await readText(file, shown), shown, TRAINING) };
}

/** Names of those that are, or mean to be, manifests of trainings. */
async function trainings(dir: string, name: string): Promise<string[]> {
  const lying = await standings(dir, name, TRAINING);
  return lying.filter(({ standing }) => standing.is === 'manifest' || (standing.is === 'misspelt' && standing.meant === 'ModelTraining')).map(({ file }) => path.basename(file));
}

async function standings(dir: string, name: string, kinds: readonly string[]): Promise<{ readonly file: string; readonly standing: Standing }[]> {
  const { recognise } = await import('./recognise.ts');
  const found: { file: string; standing: Standing }[] = [];
  for (const one of (await readdir(dir)).filter((each) => MANIFEST_NAME.test(each)).toSorted()) {
    const [whole, file] = [path.join(dir, one), path.join(name, one)];
    const facts = await stat(whole).catch((error: unknown) => Promise.reject(unreadable(file, error)));
    if (facts.isFile() && facts.size <= MAX_MANIFEST_BYTES) found.push({ file, standing: recognise(await readText(whole, file), kinds) });
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
    if (size <= MAX_MANIFEST_BYTES) return await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(name, error);
  }
  throw new TrainyardError('TOO_LARGE', { what: `the manifest '${name}'`, limit: MAX_MANIFEST_BYTES });
}

function unreadable(name: string, error: unknown): TrainyardError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EISDIR') return new TrainyardError('USAGE', { problem: `'${name}' is a directory`, advice: `name a manifest in it, or take them all: trainyard apply -f ${name}` }, { cause: error });
  const problem = code === 'ENOENT' ? `there is no file or directory '${name}'` : `'${name}' cannot be read (${code ?? String(error)})`;
  return new TrainyardError('USAGE', { problem, advice: 'name a manifest, or the directory of a training' }, { cause: error });
}

async function readAll(stdin: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_MANIFEST_BYTES) throw new TrainyardError('TOO_LARGE', { what: 'the manifest on stdin', limit: MAX_MANIFEST_BYTES });
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
