import { Readable } from 'node:stream';
import { problemsOf } from '@trainyard/api/problems.ts';
import type { RouteShape } from '@trainyard/api/route.ts';
import { type RouteName, routes, type Routes } from '@trainyard/api/routes.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Identity } from './identity.ts';

type Part<R, Key extends string> = R extends { readonly [K in Key]: infer S extends z.ZodType } ? z.output<S> : undefined;

/** What a handler gets: everything checked. `request` and `reply` only for those that stream. */
export interface HandlerInput<N extends RouteName> {
  readonly params: Part<Routes[N], 'params'>;
  readonly query: Part<Routes[N], 'query'>;
  readonly body: Part<Routes[N], 'body'>;
  readonly identity: Identity;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** A JSON answer, or whatever the reply was sent with. */
type HandlerAnswer<N extends RouteName> = Routes[N] extends { readonly answer: infer S extends z.ZodType } ? z.input<S> : FastifyReply;

export type Handlers = { readonly [N in RouteName]: (input: HandlerInput<N>) => Promise<HandlerAnswer<N>> };

/** Adds every route of the table; a route without a handler does not compile. */
export function mountRoutes(app: FastifyInstance, handlers: Handlers): void {
  for (const name of Object.keys(routes) as RouteName[]) {
    const shape: RouteShape = routes[name];
    app.route({
      method: shape.method,
      url: shape.path,
      config: { access: shape.access, ...(shape.audit === undefined ? {} : { audit: shape.audit }), ...(shape.login === undefined ? {} : { login: shape.login }), ...(shape.takes === 'bytes' ? { takesBytes: true } : {}) },
      ...(shape.gives === undefined ? {} : { onSend: leaveUnread }),
      // one function behind all: the table ties each name to its own types
      handler: async (request, reply) => handle(shape, handlers[name] as (input: unknown) => Promise<unknown>, request, reply),
    });
  }
}

/** Fastify answers HEAD by reading to its end what GET would send: gigabytes, or a log that goes on. */
async function leaveUnread(request: FastifyRequest, _reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (request.method === 'HEAD' && payload instanceof Readable) payload.destroy();
  return payload;
}

async function handle(shape: RouteShape, handler: (input: unknown) => Promise<unknown>, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const answer = await handler({
    params: check(shape.params, request.params),
    query: check(shape.query, request.query),
    body: shape.takes === 'bytes' ? undefined : check(shape.body, request.body),
    identity: request.identity,
    request,
    reply,
  });
  // it was sent by the handler. Not to be told by the answer: a reply is thenable, and awaiting it gives nothing once all is sent
  if (shape.answer === undefined) return reply;
  request.audited.project ??= projectOf(answer);
  return reply.code(shape.status).type('application/json; charset=utf-8').send(JSON.stringify(answer));
}

/** Trainings and runs say to which project they belong. */
function projectOf(answer: unknown): string | undefined {
  const { project, spec } = answer as { readonly project?: unknown; readonly spec?: { readonly project?: unknown } };
  const found = project ?? spec?.project;
  return typeof found === 'string' ? found : undefined;
}

function check(schema: z.ZodType | undefined, input: unknown): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(input ?? {});
  if (result.success) return result.data;
  const problems = problemsOf(schema, result.error, input ?? {});
  throw new TrainyardError('INVALID_FIELDS', { problem: problems.join('; ') }, { problems });
}
