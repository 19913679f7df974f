import path from 'node:path';
import { stat } from 'node:fs/promises';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Io } from '../../io.ts';
import type { Connection } from '../../connection/connection.ts';
import { isServerAnswer } from '../../exit-codes.ts';
import { KINDS } from '../manifest.ts';
import { readRecord } from './record.ts';
import { nameOf, type Planned, type Resource } from './resource.ts';

export interface Pruning {
  /** Absolute. */
  readonly dir: string;
  /** In the order in which they have to go. */
  readonly deletions: readonly Planned[];
  readonly notes: readonly string[];
}

export interface Described {
  /** As -f names them. */
  readonly names: readonly string[];
  readonly resources: readonly Resource[];
  /** Files that may describe something, too: nobody could read them. */
  readonly doubtful: readonly string[];
}

/** What an earlier `apply --prune` of the same directory put on this server, is still there, and is in no manifest any more. */
export async function planPruning(io: Pick<Io, 'cwd'>, server: Connection, { names, resources, doubtful }: Described): Promise<Pruning> {
  const [name = ''] = names;
  const dir = path.resolve(io.cwd, name);
  if (names.length !== 1 || name === '-' || !(await stat(dir)).isDirectory()) throw new TrainyardError('USAGE', { problem: '--prune needs exactly one directory', advice: 'put the manifests into one directory and name that with -f' });
  const record = await readRecord(dir, server.url);
  if (record === undefined) return { dir, deletions: [], notes: ['nothing was applied from this directory to this server with --prune yet: nothing is deleted this time'] };
  const described = new Set(resources.map(({ manifest }) => `${manifest.kind}/${manifest.id}`));
  const deletions = await deletionsOf(server, record.filter(({ kind, id }) => !described.has(`${kind}/${id}`)));
  if (deletions.length > 0 && doubtful.length > 0) throw mayBeDescribed(deletions, doubtful);
  return { dir, notes: [], deletions };
}

function mayBeDescribed(deletions: readonly Planned[], doubtful: readonly string[]): TrainyardError {
  const problem = `--prune would delete ${deletions.map(nameOf).join(', ')}, but not every file of the directory was understood: ${doubtful.join('; ')}`;
  return new TrainyardError('USAGE', { problem, advice: 'mend these files or move them elsewhere, or apply without --prune' });
}

export type Deletion = Pick<Planned, 'kind' | 'id' | 'resource'>;

/** Those that are there: trainings first, what they need after them. */
export async function deletionsOf(server: Connection, wanted: readonly Deletion[]): Promise<Planned[]> {
  const found: Planned[] = [];
  for (const kind of KINDS.toReversed()) {
    for (const one of wanted.filter((each) => each.kind === kind)) if (await isThere(server, one)) found.push({ ...one, action: 'delete', changes: [] });
  }
  return found;
}

async function isThere(server: Connection, { kind, id }: Deletion): Promise<boolean> {
  const route = { Connection: 'getConnection', ToolchainIntegration: 'getToolchain', ModelTraining: 'getTraining' } as const;
  try {
    await server.call(route[kind], { params: { id } });
    return true;
  } catch (error) {
    if (isServerAnswer(error) && error.status === 404) return false;
    throw error;
  }
}
