import { type ErrorKind, isTrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyRequest } from 'fastify';

/** An error in the shape of a status: the original's clients read `state` and `message` of every answer, whatever its code. */
export interface OnDemandError {
  readonly status: number;
  readonly message: string;
}

/** The statuses of our kinds; the original knew only 400 and 500. */
const STATUS = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  too_large: 413,
  limit: 429,
  internal: 500,
  unsupported: 501,
  unavailable: 503,
} as const satisfies Record<ErrorKind, number>;

/** The words of the original. */
export const NO_MODEL_TYPE = 'modelType must be specified in the request body';

/** Undefined for what nobody foresaw. */
export function toOnDemandError(error: unknown, request: FastifyRequest): OnDemandError | undefined {
  if (isTrainyardError(error)) return { status: STATUS[error.kind], message: error.message };
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (!(error instanceof Error) || typeof status !== 'number' || status < 400 || status >= 500) return undefined;
  // fastify refuses a body before anybody of ours sees it
  if (status === 413) return { status, message: `the request body is larger than ${request.routeOptions.bodyLimit} bytes` };
  // a content type that is none: as with any other that is not JSON, there is no body
  if (status === 415) return { status: STATUS.invalid, message: NO_MODEL_TYPE };
  return { status, message: error.message };
}
