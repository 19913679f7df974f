import type { FastifyInstance } from 'fastify';
import { NO_TELEMETRY, type Telemetry } from '../telemetry/telemetry.ts';

/** Tells of every answer by its route. Costs nothing where nobody is told. */
export function reportRequests(app: FastifyInstance, telemetry: Telemetry): void {
  if (telemetry === NO_TELEMETRY) return;
  app.addHook('onResponse', (request, reply, done) => {
    telemetry.requestAnswered({ method: request.method, route: patternOf(request.routeOptions.url), status: reply.statusCode, durationMs: reply.elapsedTime });
    done();
  });
}

/** Without the expression that a parameter has to match. */
function patternOf(url: string | undefined): string | undefined {
  return url?.replace(/\(\^[^)]*\)/g, '');
}
