import { ConnectionError } from './connection.ts';

/** Docker and ECR are kept for the engines: what they lead to is no source of files. */
export function onlyCredentials(type: string): Promise<never> {
  return Promise.reject(new ConnectionError('invalid', `a connection of the type ${type} only keeps the credentials of a registry, nothing can be fetched from it: name a connection of another type`));
}
