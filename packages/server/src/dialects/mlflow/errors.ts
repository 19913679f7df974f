import { type ErrorCode, type ErrorKind, isTrainyardError, type TrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyRequest } from 'fastify';

/** An error as MLflow's clients read it. They decide by `code`; the status tells them whether to try again. */
export interface MlflowError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const KINDS = {
  invalid: { status: 400, code: 'INVALID_PARAMETER_VALUE' },
  unauthenticated: { status: 401, code: 'UNAUTHENTICATED' },
  forbidden: { status: 403, code: 'PERMISSION_DENIED' },
  not_found: { status: 404, code: 'RESOURCE_DOES_NOT_EXIST' },
  conflict: { status: 400, code: 'RESOURCE_ALREADY_EXISTS' },
  gone: { status: 404, code: 'RESOURCE_DOES_NOT_EXIST' },
  too_large: { status: 413, code: 'INVALID_PARAMETER_VALUE' },
  limit: { status: 429, code: 'REQUEST_LIMIT_EXCEEDED' },
  internal: { status: 500, code: 'INTERNAL_ERROR' },
  unsupported: { status: 501, code: 'NOT_IMPLEMENTED' },
  unavailable: { status: 503, code: 'TEMPORARILY_UNAVAILABLE' },
} as const satisfies Record<ErrorKind, { status: number; code: string }>;

/** Where MLflow has another code or other words. */
const OVERRIDES: Partial<Record<ErrorCode, (error: TrainyardError) => Partial<MlflowError>>> = {
  ROUTE_NOT_FOUND: (error) => ({ code: 'ENDPOINT_NOT_FOUND', message: `The API endpoint '${error.params['method']} ${error.params['path']}' is not available on this server.` }),
  EXPERIMENT_NOT_ACTIVE: () => ({ code: 'INVALID_STATE' }),
  INVALID_PATH: () => ({ message: 'Invalid path' }),
  ARTIFACT_NOT_FOUND: (error) => ({ message: `No such artifact: '${error.params['path']}'` }),
};

/** Undefined for what nobody foresaw. */
export function toMlflowError(error: unknown, request: FastifyRequest): MlflowError | undefined {
  if (isTrainyardError(error)) return { ...KINDS[error.kind], message: error.message, ...OVERRIDES[error.code]?.(error) };
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (!(error instanceof Error) || typeof status !== 'number' || status < 400 || status >= 500) return undefined;
  // fastify refuses what it cannot read: a body that is too large, a content type nobody takes
  if (status === 413) return { ...KINDS.too_large, message: `Requests to this endpoint must be at most ${request.routeOptions.bodyLimit} bytes, got a request of size ${request.headers['content-length'] ?? 'unknown'}.` };
  return { status, code: 'BAD_REQUEST', message: error.message };
}
