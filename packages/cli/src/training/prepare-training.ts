import path from 'node:path';
import type { Training } from '@trainyard/api/schemas/training.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Cli } from '../cli.ts';
import type { Connection } from '../connection/connection.ts';
import { isServerAnswer } from '../exit-codes.ts';
import { checkEngine, checkManifest } from '../manifest/check-manifest.ts';
import { type Manifest, namesSource } from '../manifest/manifest.ts';
import { fileSize, type ProjectFacts, readProject } from '../manifest/project-facts.ts';
import { findManifests, type ManifestPlace } from '../manifest/read-manifest.ts';
import { manifestFromFlags, type TrainingFlags, withFlags } from '../manifest/training-flags.ts';
import type { DataFile, Plan } from '../progress/plan-lines.ts';
import { listSource } from './attach-source.ts';

/** What `train run` was pointed at. */
export interface TrainingRequest {
  /** Directory or manifest as it was typed. */
  readonly place: string | undefined;
  readonly flags: TrainingFlags;
}

const PATH_TYPES = ['path', 'uri'];

/** Reads everything and changes nothing: the result is the plan that is shown and then carried out. */
export async function prepareTraining(cli: Cli, connection: Connection, { place, flags }: TrainingRequest): Promise<Plan> {
  const found = await findPlace(cli, place, flags);
  const { manifest, where, project } = await readTraining(found, flags);
  checkManifest(manifest, where ?? 'the command line');
  await checkEngine(connection, manifest);
  const existing = await findTraining(connection, manifest.id);
  if (namesSource(manifest)) return { manifest, where, existing };
  const listing = await listSource(found, where);
  const data = await dataFile(found.dir ?? '', manifest, project);
  return { manifest, where, existing, packed: { listing, project, data, shownDir: shownDir(cli.io.cwd, listing.root) } };
}

/** The training of that id, or undefined. */
async function findTraining(connection: Connection, id: string): Promise<Training | undefined> {
  try {
    return await connection.call('getTraining', { params: { id } });
  } catch (error) {
    if (isServerAnswer(error) && error.status === 404) return undefined;
    throw error;
  }
}

async function findPlace(cli: Cli, place: string | undefined, flags: TrainingFlags): Promise<ManifestPlace> {
  // with --git and no directory nothing here is meant, whatever lies in the working directory
  if (place === undefined && flags.git !== undefined) return { dir: undefined, manifests: [] };
  const found = await findManifests(cli.io, place ?? '.');
  if (found.manifests.length < 2) return found;
  const ids = found.manifests.map(({ manifest }) => manifest.id).join(', ');
  throw new TrainyardError('USAGE', { problem: `there are ${found.manifests.length} trainings in it (${ids}), and this command waits for one`, advice: 'start them all with: trainyard train create -f FILE' });
}

async function readTraining(found: ManifestPlace, flags: TrainingFlags): Promise<{ manifest: Manifest; where: string | undefined; project: ProjectFacts }> {
  const [only] = found.manifests;
  const spec = only?.manifest.spec ?? {};
  const workDir = flags.workDir ?? (typeof spec['workDir'] === 'string' ? spec['workDir'] : '.');
  const entrypoint = flags.entrypoint ?? (typeof spec['entrypoint'] === 'string' ? spec['entrypoint'] : undefined);
  const project = await readProject(path.resolve(found.dir ?? '.', workDir), entrypoint);
  const manifest = only === undefined ? manifestFromFlags(flags, { dir: found.dir ?? '', hasMlproject: project.hasMlproject }) : withFlags(only.manifest, flags);
  return { manifest, where: only?.where, project };
}

/** The first parameter that names a file of the source: what a person would call the data of this training. */
async function dataFile(dir: string, { spec }: Manifest, project: ProjectFacts): Promise<DataFile | undefined> {
  const given = (spec['hyperParameters'] ?? {}) as Record<string, unknown>;
  const workDir = typeof spec['workDir'] === 'string' ? spec['workDir'] : '.';
  for (const { name, type, default: standard } of project.parameters) {
    const value = given[name] ?? standard;
    if (!PATH_TYPES.includes(type) || typeof value !== 'string') continue;
    const sizeBytes = await fileSize(path.resolve(dir, workDir), value);
    if (sizeBytes !== undefined) return { name: value, parameter: name, sizeBytes };
  }
  return undefined;
}

function shownDir(cwd: string, dir: string): string {
  const relative = path.relative(cwd, dir);
  if (relative === '') return '.';
  return relative.startsWith('..') ? dir : relative;
}
