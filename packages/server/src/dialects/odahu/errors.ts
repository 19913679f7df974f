import { ERROR_KINDS, type ErrorCode, type ErrorKind, isTrainyardError, type TrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyRequest } from 'fastify';
import { toOdahuProblem } from './wire/problems.ts';

/** An error as ODAHU's clients read it: they show the message and look at the status. */
export interface OdahuError {
  readonly status: number;
  readonly message: string;
}

/**
 * The original client repeats a GET, PUT or DELETE that is answered with 429, 500, 502, 503 or 504, and says then only that it
 * cannot reach the server: these are left for what may be over at the next try. It breaks on a status that is not registered.
 */
const STATUS: Readonly<Record<ErrorKind, number>> = { ...ERROR_KINDS, limit: 403, unsupported: 400 };

/** Where ODAHU has other words, or the condition is one its users must read. */
const OVERRIDES: Partial<Record<ErrorCode, (error: TrainyardError) => Partial<OdahuError>>> = {
  TRAINING_NOT_FOUND: notFound,
  CONNECTION_NOT_FOUND: notFound,
  TOOLCHAIN_NOT_FOUND: notFound,
  TRAINING_EXISTS: exists,
  CONNECTION_EXISTS: exists,
  TOOLCHAIN_EXISTS: exists,
  INVALID_TRAINING: validation('model training'),
  INVALID_CONNECTION: validation('connection'),
  INVALID_TOOLCHAIN_INTEGRATION: validation('toolchain integration'),
  DISK_FULL: () => ({ status: 507 }),
};

/** Undefined for what nobody foresaw. */
export function toOdahuError(error: unknown, request: FastifyRequest, asksToLogIn: boolean): OdahuError | undefined {
  if (isTrainyardError(error)) {
    if (error.code === 'UNAUTHENTICATED' && request.headers.authorization === undefined && !asksToLogIn) return { status: 403, message: NO_TOKEN };
    return { status: STATUS[error.kind], message: error.message, ...OVERRIDES[error.code]?.(error) };
  }
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  if (!(error instanceof Error) || typeof status !== 'number' || status < 400 || status >= 500) return undefined;
  // fastify refuses a body before anybody of ours sees it
  if (status === 413) return { status, message: `the request body is larger than ${request.routeOptions.bodyLimit} bytes` };
  return { status: 400, message: error.message };
}

/** With a 401 the original client would ask its user to open a page that is not there, and wait for ever. */
const NO_TOKEN = 'this server asks for a token: odahuflowctl login --url <url> --token <token>';

function notFound({ params }: TrainyardError): Partial<OdahuError> {
  return { message: `entity "${params['id'] ?? ''}" is not found` };
}

function exists({ params }: TrainyardError): Partial<OdahuError> {
  return { message: `entity "${params['id'] ?? ''}" already exists` };
}

function validation(what: string): (error: TrainyardError) => Partial<OdahuError> {
  return ({ problems = [] }) => ({ message: `Validation of ${what} is failed: ${problems.map(toOdahuProblem).join('; ')}` });
}
