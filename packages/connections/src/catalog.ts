import { didYouMean } from '@trainyard/core/nearest.ts';
import { type Connection, ConnectionError } from './connection.ts';

/** Every connection of the product, loaded when it is used. */
export const connections = {
  git: () => import('./git/connection.ts'),
  s3: () => import('./s3/connection.ts'),
  gcs: () => import('./gcs/connection.ts'),
  azureblob: () => import('./azureblob/connection.ts'),
  hdfs: () => import('./hdfs/connection.ts'),
  http: () => import('./http/connection.ts'),
  local: () => import('./local/connection.ts'),
  docker: () => import('./docker/connection.ts'),
  ecr: () => import('./ecr/connection.ts'),
} as const satisfies Record<string, () => Promise<{ readonly connection: Connection }>>;

export type ConnectionType = keyof typeof connections;

export async function loadConnection(type: string): Promise<Connection> {
  if (!Object.hasOwn(connections, type)) {
    const known = Object.keys(connections);
    throw new ConnectionError('invalid', `there is no connection type '${type}' (known: ${known.join(', ')})${didYouMean(type, known)}`);
  }
  return (await connections[type as ConnectionType]()).connection;
}
