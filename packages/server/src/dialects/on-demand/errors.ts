import { type ErrorCode, isTrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyRequest } from 'fastify';

/** An error in the shape of a status: the original's clients read `state` and `message` of every answer, whatever its code. */
export interface OnDemandError {
  readonly status: number;
  readonly message: string;
}

/** The words of the original. */
export const NO_MODEL_TYPE = 'modelType must be specified in the request body';

/** Refused by the gate: the message alone does not tell what would let somebody in. Other hints are about other languages. */
const WITH_HINT: readonly ErrorCode[] = ['WRONG_HOST', 'UNAUTHENTICATED'];

/** Undefined for what nobody foresaw. */
export function toOnDemandError(error: unknown, request: FastifyRequest): OnDemandError | undefined {
  if (isTrainyardError(error)) return { status: error.status, message: WITH_HINT.includes(error.code) ? `${error.message}: ${error.hint}` : error.message };
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (!(error instanceof Error) || typeof status !== 'number' || status < 400 || status >= 500) return undefined;
  // fastify refuses a body before anybody of ours sees it
  if (status === 413) return { status, message: `the request body is larger than ${request.routeOptions.bodyLimit} bytes` };
  // a content type that is none: as with any other that is not JSON, there is no body
  if (status === 415) return { status: 400, message: NO_MODEL_TYPE };
  return { status, message: error.message };
}
