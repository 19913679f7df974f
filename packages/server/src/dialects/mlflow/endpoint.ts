import { invalid } from '@trainyard/core/tracking/names.ts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { callerOf as callerOfIdentity } from '../../http/identity.ts';
import type { Caller } from '../../usecases/tracking/authorize.ts';
import { FieldProblem, type Fields, type MessageOf, readMessage } from './wire/fields.ts';
import { parseJson } from './wire/parse-json.ts';
import { problemText } from './wire/problem.ts';
import { type Wire, writeJson } from './wire/write-json.ts';

export type Answer = { readonly [field: string]: Wire };

/** One call of MLflow's API: a message in, a message out. */
export interface Endpoint<F extends Fields = Fields> {
  readonly methods: readonly ('GET' | 'POST' | 'PATCH' | 'DELETE')[];
  /** Below the prefixes; `:name` is a field of the message. */
  readonly path: string;
  /** Both of MLflow's when absent. */
  readonly prefixes?: readonly string[];
  readonly fields: F;
  readonly bodyLimitBytes?: number;
  /** What a user needs. The token of a run comes to `read` and `write` too; what it may do there is the use case's to know. */
  readonly needs: 'read' | 'write' | 'administer';
  /** Name of the action in the audit log, and what of the message it is about; not put down there when absent. */
  readonly audit?: { readonly action: string; resource(message: MessageOf<F>): string | undefined };
  /** `url` is the path of the call with its query, as it was sent. */
  answer(message: MessageOf<F>, caller: Caller, url: string): Promise<Answer>;
}

const PREFIXES: readonly string[] = ['/api/2.0/mlflow', '/ajax-api/2.0/mlflow'];

/** Larger than any message that is not a file: the profile of a dataset may have 16 MB. */
const BODY_LIMIT_BYTES = 32_000_000;

/** Keeps the types of the fields while endpoints of all kinds stand in one list. */
export function endpoint<F extends Fields>(definition: Endpoint<F>): Endpoint {
  return definition as unknown as Endpoint;
}

/** The answer of a call that only does something. */
export async function done(work: Promise<unknown>): Promise<Answer> {
  await work;
  return {};
}

/** Adds the endpoints to an instance of their own, which reads JSON in MLflow's way. */
export function addEndpoints(app: FastifyInstance, endpoints: readonly Endpoint[]): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_, body, done) => done(null, body));
  app.addContentTypeParser('*', (_, __, done) => done(invalid("Bad Request. Content-Type must be one of ['application/json'].")));
  for (const one of endpoints) {
    for (const prefix of one.prefixes ?? PREFIXES) {
      app.route({
        method: [...one.methods],
        url: `${prefix}/${one.path}`,
        exposeHeadRoute: false,
        bodyLimit: one.bodyLimitBytes ?? BODY_LIMIT_BYTES,
        config: { access: one.needs === 'administer' ? 'administer' : `${one.needs}_or_run`, ...(one.audit === undefined ? {} : { audit: one.audit.action }) },
        handler: async (request, reply) => {
          const message = readCall(one.fields, request);
          if (one.audit !== undefined) request.audited.resource = one.audit.resource(message);
          const answer = await one.answer(message, callerOf(request), request.url);
          return reply.type('application/json').send(writeJson(answer));
        },
      });
    }
  }
}

export function callerOf({ identity }: FastifyRequest): Caller {
  return callerOfIdentity(identity);
}

function readCall<F extends Fields>(fields: F, request: FastifyRequest): MessageOf<F> {
  // every client names it; a foreign page can leave it out and send what no preflight asks for
  if (request.method === 'POST' && request.headers['content-type'] === undefined) throw invalid('Bad Request. Content-Type header is missing.');
  const query = ofQuery(fields, request.query as Record<string, unknown>);
  const body = bodyOf(request);
  const raw = body === undefined ? query : ofBody(body);
  // older clients say run_uuid
  if ((raw['run_id'] ?? null) === null && raw['run_uuid'] !== undefined) raw['run_id'] = raw['run_uuid'];
  try {
    return readMessage(fields, Object.assign(raw, request.params));
  } catch (error) {
    if (error instanceof FieldProblem) throw invalid(problemText(error, body, query));
    throw error;
  }
}

/** The oldest clients write their JSON twice. */
function bodyOf({ body }: FastifyRequest): string | undefined {
  const text = typeof body === 'string' ? body.trim() : '';
  const inner = text.startsWith('"') ? parseJson(text) : undefined;
  if (typeof inner === 'string') return inner;
  return text === '' ? undefined : text;
}

function ofBody(body: string): Record<string, unknown> {
  const raw = parseJson(body);
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw invalid('The body of the request is not a JSON object.');
  return raw as Record<string, unknown>;
}

/** Of several values with one name the first counts, unless a list is meant. */
function ofQuery(fields: Fields, query: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, fields[name]?.repeated === true ? [value].flat() : Array.isArray(value) ? value[0] : value]));
}
