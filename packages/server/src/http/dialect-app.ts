import { TrainyardError } from '@trainyard/core/errors.ts';
import { fastify, type FastifyInstance } from 'fastify';
import type { ListenerDialect } from '../dialects/dialect.ts';
import { earlyErrors } from './early-errors.ts';
import type { AppOptions } from './app.ts';
import { addAudit } from './audit/audit.ts';
import { cutStalledCalls } from './cut-stalled-calls.ts';
import { addGate } from './gate.ts';
import { letGoOfClients } from './let-go-of-clients.ts';
import { reportRequests } from './report-requests.ts';

const SAFE_HEADERS = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' } as const;

/** One dialect alone, for a listener of its own: its paths collide with nobody's, and nothing else can be reached there. The same gate stands in front. */
export async function createDialectApp(dialect: ListenerDialect, { gate, audit, telemetry, log }: Omit<AppOptions, 'handlers' | 'dialects'>): Promise<FastifyInstance> {
  const app = fastify({
    requestIdHeader: false,
    // as lenient about paths as the servers the dialects come from
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, caseSensitive: false, maxParamLength: 4096 },
    forceCloseConnections: 'idle',
    keepAliveTimeout: 65_000,
    // said below, in the words of the dialect
    return503OnClosing: false,
    ...earlyErrors({ gate, headers: SAFE_HEADERS, bodyOf: (message) => dialect.errorBody(message) }),
  });
  addAudit(app, audit, log);
  letGoOfClients(app);
  app.addHook('onRequest', (_request, _reply, done) => done(app.closing.aborted ? new TrainyardError('SHUTTING_DOWN') : undefined));
  addGate(app, gate);
  reportRequests(app, telemetry);
  app.addHook('onSend', (_request, reply, _payload, done) => {
    reply.headers(SAFE_HEADERS);
    done();
  });
  cutStalledCalls(app);
  await dialect.register(app);
  return app;
}
