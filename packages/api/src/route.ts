import type { Action } from '@trainyard/core/access/roles.ts';
import type { z } from 'zod';

/**
 * What a caller needs. An action is one of `core/access/roles.ts`: a user needs a role that allows it, for `read` and `write` in
 * at least one project (in which ones is the use case's to know). `run` = the run's own token, for exactly its own run.
 * `signed_in` = any valid token of a user, whatever its roles. `public` = anybody. `optional` = anybody, but a token that is sent
 * must be good and the handler learns whose it is.
 */
export type Access = 'public' | 'optional' | 'signed_in' | Action | 'run' | 'read_or_run' | 'write_or_run';

/** `odahuflowctl` calls itself by the library it is made with. Nobody is let in for what it calls itself: it only chooses between two answers that tell nothing. */
export type Login = 'odahuflowctl';

/** What a body or an answer is when it is not JSON. */
export type Media = 'json' | 'bytes' | 'events';

export interface RouteShape {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Parameters as `:name`. */
  readonly path: string;
  readonly summary: string;
  readonly tag: 'trainings' | 'runs' | 'connections' | 'toolchains' | 'snapshots' | 'transfer' | 'secrets' | 'tokens' | 'audit' | 'server' | 'runner';
  readonly access: Access;
  /** Name of the action in the audit log; calls of a route without one are not put down there. */
  readonly audit?: string;
  /** Somebody without a token who calls with this program may be sent to the login page of the identity provider. */
  readonly login?: Login;
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
