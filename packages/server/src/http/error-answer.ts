import { isTrainyardError, TrainyardError, messageOf } from '@trainyard/core/errors.ts';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../platform/logger.ts';

/** Anything thrown → one of our errors. What we do not know is our fault, and says nothing to the outside. */
function asTrainyardError(error: unknown, requestId: string): TrainyardError {
  if (isTrainyardError(error)) return error;
  const { statusCode, code } = error as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new TrainyardError('TOO_LARGE', { what: 'the body', limit: 'the allowed number of' }, { cause: error });
  if (error instanceof SyntaxError || code === 'FST_ERR_CTP_EMPTY_JSON_BODY' || code === 'FST_ERR_CTP_INVALID_JSON_BODY') return new TrainyardError('INVALID_JSON', { problem: messageOf(error) }, { cause: error });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return new TrainyardError('BAD_REQUEST', { problem: messageOf(error) }, { cause: error });
  if (code === 'ENOSPC') return new TrainyardError('DISK_FULL', {}, { cause: error });
  return new TrainyardError('INTERNAL', { requestId }, { cause: error });
}

/** The error handler of the native API. */
export function answerErrors(log: Logger) {
  return async (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const known = asTrainyardError(error, request.id);
    if (known.kind === 'internal') log.error({ requestId: request.id, method: request.method, path: request.routeOptions.url, error }, 'a request failed');
    if (reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    if (known.kind === 'unauthenticated') reply.header('www-authenticate', (request.headers.accept ?? '').includes('text/html') ? 'Basic realm="trainyard: any name, the token as password"' : 'Bearer');
    if (known.code === 'RATE_LIMITED') reply.header('retry-after', String(known.params['seconds']));
    // what stands there was meant for the bytes that did not come; a stream that fails has put it on the answer itself already
    for (const name of ['content-disposition', 'content-security-policy']) {
      reply.removeHeader(name);
      reply.raw.removeHeader(name);
    }
    await reply.code(known.status).type('application/json; charset=utf-8').send({
      error: {
        code: known.code,
        message: known.message,
        hint: known.hint,
        status: known.status,
        requestId: request.id,
        ...(known.problems === undefined ? {} : { problems: known.problems }),
        ...('expected' in known.params ? { expected: known.params['expected'] } : {}),
      },
    });
  };
}
