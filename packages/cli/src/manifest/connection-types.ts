import { didYouMean } from '@trainyard/core/nearest.ts';

/** The types that servers of this version know; one of another version may know more. */
export const CONNECTION_TYPES = ['git', 's3', 'gcs', 'azureblob', 'hdfs', 'http', 'local', 'docker', 'ecr'] as const;

/** What is wrong with a type that is nearly one of these. Whatever else it is, the server says. */
export function misspeltType(type: string): string | undefined {
  if (CONNECTION_TYPES.some((one) => one === type)) return undefined;
  const meant = didYouMean(type, CONNECTION_TYPES);
  return meant === '' ? undefined : `there is no connection type '${type}'${meant}`;
}
