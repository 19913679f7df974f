import type { TrainingSpec } from './spec.ts';

/** Ids of the connections a training names, each once. */
export function connectionsOf({ algorithmSource: { vcs, objectStorage }, data, outputConnection }: Pick<TrainingSpec, 'algorithmSource' | 'data' | 'outputConnection'>): string[] {
  const named = [vcs?.connection, objectStorage?.connection, ...data.map(({ connection }) => connection), outputConnection];
  return [...new Set(named.flatMap((id) => (id === undefined || id === '' ? [] : [id])))];
}
