import type { DataBinding, TrainingSpec } from './spec.ts';

type Use = 'source' | 'data' | 'output';

/** What is known of connections when a training is checked. */
export interface KnownConnections {
  /** Id → type, of those a training names and that are there. */
  readonly connections: ReadonlyMap<string, string>;
  /** Connection type → what it may be used for. */
  readonly connectionUses: ReadonlyMap<string, readonly Use[]>;
}

type Source = TrainingSpec['algorithmSource'];

/** What is wrong with a source behind a connection; ODAHU's words. */
export function storedSourceProblems({ vcs, objectStorage }: Source, known: KnownConnections): string[] {
  if (vcs !== undefined) {
    const type = known.connections.get(vcs.connection);
    if (type === undefined) return [notThere(vcs.connection)];
    return type === 'git' ? [] : [`VCS connection must have the GIT type. You pass the connection of ${type} type`];
  }
  if (objectStorage === undefined) return [];
  const { connection, path } = objectStorage;
  const type = known.connections.get(connection);
  if (type === undefined) return [notThere(connection)];
  const supported = typesFor('source', known).filter((one) => one !== 'git');
  const problems = supported.includes(type) ? [] : [`${connection} object storage has wrong data type. Currently supported the following types of connections for object storage: [${supported.join(' ')}]`];
  return [...problems, ...remotePathProblems('algorithmSource.objectStorage.path', path)];
}

/** What is wrong with the data bindings; ODAHU's words, and like there they are counted from 0. */
export function dataProblems(data: readonly DataBinding[], known: KnownConnections): string[] {
  return data.flatMap((binding, at) => [
    ...(binding.localPath === '' ? [`you should specify local path for ${at} number of data binding`] : insideProblems(`data[${at}].localPath`, binding.localPath)),
    ...bindingProblems(binding, at, known),
    ...remotePathProblems(`data[${at}].remotePath`, binding.remotePath),
  ]);
}

function bindingProblems({ connection }: DataBinding, at: number, known: KnownConnections): string[] {
  if (connection === '') return [`you should specify connection name for ${at} number of data binding`];
  const type = known.connections.get(connection);
  if (type === undefined) return [notThere(connection)];
  const supported = typesFor('data', known);
  return supported.includes(type) ? [] : [`${connection} data binding has wrong data type. Currently supported the following types of connections for data bindings: [${supported.join(' ')}]`];
}

/** What is wrong with the connection the model is put to. */
export function outputProblems(connection: string | undefined, known: KnownConnections): string[] {
  if (connection === undefined) return [];
  const type = known.connections.get(connection);
  if (connection === '') return [ofOutput('empty "OutputConnection"')];
  if (type === undefined) return [ofOutput(notThere(connection))];
  const supported = typesFor('output', known);
  return supported.includes(type) ? [] : [ofOutput(`${connection} output connection has wrong data type. Currently supported the following types of connections for output: [${supported.join(' ')}]`)];
}

/** A path inside of the source: nothing that leads out of it. */
export function insideProblems(field: string, path: string): string[] {
  const leaves = path.startsWith('/') || path.includes('\\') || path.includes('\0') || path.split('/').includes('..');
  return leaves ? [`${field} '${path}' must be a path inside of the source`] : [];
}

function remotePathProblems(field: string, path: string | undefined): string[] {
  if (path === undefined) return [];
  return path.includes('\0') || path.split('/').includes('..') ? [`${field} '${path}' must not climb with '..'`] : [];
}

function typesFor(use: Use, { connectionUses }: KnownConnections): string[] {
  return [...connectionUses].filter(([, uses]) => uses.includes(use)).map(([type]) => type);
}

function notThere(id: string): string {
  return `entity "${id}" is not found`;
}

function ofOutput(problem: string): string {
  return `"Spec."OutputConnection"" validation errors: ${problem}`;
}
