import { routes } from '@trainyard/api/routes.ts';
import { TrainyardError, messageOf } from '@trainyard/core/errors.ts';
import { fastify, type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Dialect } from '../dialects/dialect.ts';
import type { Logger } from '../platform/logger.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { AuditLog } from '../usecases/audit.ts';
import { addAudit } from './audit/audit.ts';
import { cutStalledCalls } from './cut-stalled-calls.ts';
import { addDocs } from './docs.ts';
import { answerErrors } from './error-answer.ts';
import { addGate, type GateOptions } from './gate.ts';
import { letGoOfClients } from './let-go-of-clients.ts';
import { type Handlers, mountRoutes } from './mount.ts';
import { reportRequests } from './report-requests.ts';

export interface AppOptions {
  readonly gate: GateOptions;
  readonly audit: AuditLog;
  readonly handlers: Handlers;
  readonly dialects: readonly Dialect[];
  readonly telemetry: Telemetry;
  readonly log: Logger;
}

const BODY_LIMIT_BYTES = 16 * 1024 * 1024;

/** Everything the server answers to, in one instance: the gate, the native API, the dialects, the docs. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    // our own ids: a client's header must not choose what our log says
    requestIdHeader: false,
    // MLflow's clients begin some paths with two slashes
    routerOptions: { ignoreDuplicateSlashes: true, maxParamLength: 4096, querystringParser: parseQuery },
    forceCloseConnections: 'idle',
    // above the 65 s for which some clients keep a connection they mean to use again
    keepAliveTimeout: 75_000,
  });
  app.setErrorHandler(answerErrors(options.log));
  app.setNotFoundHandler((request) => {
    throw new TrainyardError('ROUTE_NOT_FOUND', { method: request.method, path: request.url.split('?')[0] ?? '' });
  });
  addBodyParsers(app);
  addAudit(app, options.audit, options.log);
  addGate(app, options.gate);
  reportRequests(app, options.telemetry);
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer').header('cache-control', reply.getHeader('cache-control') ?? 'no-store');
  });
  letGoOfClients(app);
  cutStalledCalls(app);
  mountRoutes(app, options.handlers);
  addDocs(app, routes);
  for (const dialect of options.dialects) await app.register(async (scope) => dialect.register(scope));
  return app;
}

/** JSON, or bytes where a route says that it takes them. Forms and plain text are what a foreign page could send: refused. */
function addBodyParsers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', async (request: FastifyRequest, payload: NodeJS.ReadableStream) => (request.routeOptions.config.takesBytes === true ? payload : parseJson(await textOf(payload, BODY_LIMIT_BYTES))));
  app.addContentTypeParser('*', async (request: FastifyRequest, payload: NodeJS.ReadableStream) => {
    if (request.routeOptions.config.takesBytes === true) return payload;
    // curl -X DELETE and the like name a type for a body that is not there
    if ((await textOf(payload, 1024)) === '') return undefined;
    throw new TrainyardError('BAD_REQUEST', { problem: `the body is '${request.headers['content-type'] ?? 'of no type'}', only application/json is taken` });
  });
}

async function textOf(payload: NodeJS.ReadableStream, limitBytes: number): Promise<string> {
  const blocks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const block of payload) {
    const bytes = Buffer.from(block as Uint8Array);
    sizeBytes += bytes.length;
    if (sizeBytes > limitBytes) throw new TrainyardError('TOO_LARGE', { what: 'the body', limit: limitBytes });
    blocks.push(bytes);
  }
  return Buffer.concat(blocks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch (error) {
    throw new TrainyardError('INVALID_JSON', { problem: messageOf(error) }, { cause: error });
  }
}

/** A key that is there several times is a list. */
function parseQuery(text: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (const [key, value] of new URLSearchParams(text)) {
    const before = query[key];
    query[key] = before === undefined ? value : [before, value].flat();
  }
  return query;
}
