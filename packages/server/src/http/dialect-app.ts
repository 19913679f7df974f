import { fastify, type FastifyInstance } from 'fastify';
import type { Dialect } from '../dialects/dialect.ts';
import type { AppOptions } from './app.ts';
import { addAudit } from './audit.ts';
import { addGate } from './gate.ts';
import { letGoOfClients } from './let-go-of-clients.ts';
import { reportRequests } from './report-requests.ts';

/** One dialect alone, for a listener of its own: its paths collide with nobody's, and nothing else can be reached there. The same gate stands in front. */
export async function createDialectApp(dialect: Dialect, { gate, audit, telemetry, log }: Omit<AppOptions, 'handlers' | 'dialects'>): Promise<FastifyInstance> {
  const app = fastify({
    requestIdHeader: false,
    // as lenient about paths as the servers the dialects come from
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, caseSensitive: false },
    forceCloseConnections: 'idle',
    keepAliveTimeout: 65_000,
  });
  addAudit(app, audit, log);
  addGate(app, gate);
  reportRequests(app, telemetry);
  app.addHook('onSend', (_request, reply, _payload, done) => {
    reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer').header('cache-control', 'no-store');
    done();
  });
  letGoOfClients(app);
  await dialect.register(app);
  return app;
}
