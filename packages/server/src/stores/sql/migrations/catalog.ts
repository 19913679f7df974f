import type { Migration } from 'kysely/migration';
import * as trainings from './0001-trainings.ts';
import * as tracking from './0002-tracking.ts';
import * as webhooks from './0003-webhooks.ts';
import * as engineAttempts from './0004-engine-attempts.ts';
import * as connections from './0005-connections.ts';
import * as people from './0006-people.ts';
import * as runIndexes from './0007-run-indexes.ts';

/** Every migration in order of its number. Never edited after a release: expand first, contract later. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-trainings': trainings,
  '0002-tracking': tracking,
  '0003-webhooks': webhooks,
  '0004-engine-attempts': engineAttempts,
  '0005-connections': connections,
  '0006-people': people,
  '0007-run-indexes': runIndexes,
};
