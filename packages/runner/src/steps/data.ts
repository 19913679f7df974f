import { Skipped } from '../attempt.ts';

/** Puts bound data into the workspace. A training cannot bind any yet, so there is never any. */
export function fetchData(): Promise<Skipped> {
  return Promise.resolve(new Skipped('the training binds no data'));
}
