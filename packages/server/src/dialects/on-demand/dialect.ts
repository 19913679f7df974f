import { isTrainyardError, TrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../platform/logger.ts';
import type { ModelTypes } from '../../usecases/model-types/model-types.ts';
import { actorOf } from '../../http/identity.ts';
import type { ListenerDialect } from '../dialect.ts';
import { toOnDemandError } from './errors.ts';
import { readKey, readRequest, readText } from './read-request.ts';
import { statusOf } from './status.ts';

export interface OnDemandOptions {
  readonly failedState: 'completed' | 'error';
  readonly log: Logger;
}

/** What a notebook takes is a million bytes of parameters; the original took 100 kB in all. */
const BODY_LIMIT_BYTES = 1_048_576;
const JSON_TYPE = 'application/json; charset=utf-8';

type Run = Awaited<ReturnType<ModelTypes['get']>>;

/**
 * The service that trains a model by its type, as its clients know it. Both forms: the one its guide describes (`POST /`,
 * `GET /<run>`) and the one it has (`/train`). Everything but the page of the probe is JSON.
 */
export function onDemandDialect(modelTypes: ModelTypes, { failedState, log }: OnDemandOptions): ListenerDialect {
  // a run that is read again is the same object as long as nothing became of it
  const texts = new WeakMap<Run, string>();
  const textOf = (run: Run): string => {
    const text = texts.get(run) ?? JSON.stringify(statusOf(run, failedState));
    texts.set(run, text);
    return text;
  };
  return {
    name: 'on-demand',
    errorBody,
    register(app) {
      app.setErrorHandler((error, request, reply) => answerError(error, { request, reply, log }));
      app.setNotFoundHandler((request) => {
        throw new TrainyardError('ROUTE_NOT_FOUND', { method: request.method, path: request.url.split('?', 1)[0] ?? '' });
      });
      addBodyParsers(app);
      app.get('/', { config: { access: 'public' } }, (_, reply) => reply.type('text/html; charset=utf-8').send('Training Service is up.'));
      for (const url of ['/', '/train']) app.post(url, { config: { access: 'write', audit: 'run.start', auditSoon: true }, bodyLimit: BODY_LIMIT_BYTES }, train);
      for (const url of ['/:id(^\\d+$)', '/train/:id(^\\d+$)']) app.get<{ Params: { id: string } }>(url, { config: { access: 'read' } }, status);
    },
  };

  async function train(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const wanted = readRequest(request.body as string | undefined);
    request.audited.resource = wanted.modelType;
    const runId = await modelTypes.start({ ...wanted, idempotencyKey: readKey(request.headers['idempotency-key']), ...actorOf(request.identity) });
    return reply.type(JSON_TYPE).send(JSON.stringify({ runId }));
  }

  function status(request: FastifyRequest<{ Params: { id: string } }>, reply: FastifyReply): FastifyReply | Promise<FastifyReply> {
    const number = numberOf(request.params.id);
    const answer = (run: Run): FastifyReply => reply.type(JSON_TYPE).send(textOf(run));
    const within = actorOf(request.identity);
    const known = modelTypes.known(number, within);
    // clients ask again and again: what is known is answered without another turn of the loop
    return known === undefined ? modelTypes.get(number, within).then(answer) : answer(known);
  }
}

/** Numbers of runs are counted from 1; what is larger than any of them is no number to look for. */
function numberOf(digits: string): number {
  const number = Number(digits);
  if (!Number.isSafeInteger(number)) throw new TrainyardError('RUN_NOT_FOUND', { id: digits });
  return number;
}

/** JSON as text, which the reader of the request parses; the body of any other type is not read, as in the original. */
function addBodyParsers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async ({ headers }: FastifyRequest, body: Buffer) => readText(headers, body));
  app.addContentTypeParser('*', (_, __, done) => done(null, undefined));
}

function answerError(error: unknown, { request, reply, log }: { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly log: Logger }): FastifyReply {
  const known = toOnDemandError(error, request);
  if (known === undefined) log.error({ error, requestId: request.id }, 'a call of the on-demand service broke');
  const { status, message } = known ?? { status: 500, message: `Something broke inside the server. Look for the request id ${request.id} in its log.` };
  if (isTrainyardError(error) && error.code === 'UNAUTHENTICATED') reply.header('www-authenticate', 'Bearer');
  if (isTrainyardError(error) && error.code === 'RATE_LIMITED') reply.header('retry-after', String(error.params['seconds']));
  return reply.code(status).type(JSON_TYPE).send(errorBody(message, runIdOf(request)));
}

function errorBody(message: string, run: { readonly runId?: number } = {}): string {
  return JSON.stringify({ ...run, state: 'error', message });
}

function runIdOf({ params }: FastifyRequest): { readonly runId?: number } {
  const number = Number((params as { readonly id?: string } | undefined)?.id);
  return Number.isSafeInteger(number) ? { runId: number } : {};
}
