import type { z } from 'zod';

/** Who may call a route. `run` = the run's own token, for exactly its own run; `user` = an ordinary token. */
export type Access = 'public' | 'user' | 'run' | 'user_or_run';

/** What a body or an answer is when it is not JSON. */
export type Media = 'json' | 'bytes' | 'events';

export interface RouteShape {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Parameters as `:name`. */
  readonly path: string;
  readonly summary: string;
  readonly tag: 'trainings' | 'runs' | 'snapshots' | 'transfer' | 'secrets' | 'tokens' | 'server' | 'runner';
  readonly access: Access;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly takes?: Media;
  readonly gives?: Media;
  readonly status: 200 | 201 | 202;
  readonly answer?: z.ZodType;
}

/** Keeps the exact types of one entry of the table. */
export function route<const R extends RouteShape>(shape: R): R {
  return shape;
}
