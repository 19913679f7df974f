import type { Migration } from 'kysely/migration';
import * as trainings from './0001-trainings.ts';
import * as tracking from './0002-tracking.ts';

/** Every migration in order of its number. Never edited after a release: expand first, contract later. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-trainings': trainings,
  '0002-tracking': tracking,
};
