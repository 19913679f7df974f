import { TrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Tracking } from '../../usecases/tracking/tracking.ts';
import type { Webhooks } from '../../usecases/webhooks/webhooks.ts';
import type { Dialect } from '../dialect.ts';
import { addArtifactFiles } from './artifact-files.ts';
import { addArtifactProxy } from './artifact-proxy.ts';
import { artifactEndpoints } from './artifacts.ts';
import { directTransferEndpoints } from './direct-transfers.ts';
import { addEndpoints } from './endpoint.ts';
import { toMlflowError } from './errors.ts';
import { experimentEndpoints } from './experiments.ts';
import { loggedModelEndpoints } from './logged-models.ts';
import { metricHistoryEndpoints } from './metric-histories.ts';
import { metricEndpoints } from './metrics.ts';
import { modelVersionEndpoints } from './model-versions.ts';
import { registeredModelEndpoints } from './registered-models.ts';
import { runEndpoints } from './runs.ts';
import { FILE_HEADERS } from './send-artifact.ts';
import { serverInfoEndpoints, VERSION } from './server-info.ts';
import { webhookEndpoints } from './webhooks.ts';

/** Below these everything that is not ours is MLflow's endpoint-not-found, with any method. */
const ROOTS = ['/api/2.0/mlflow', '/api/3.0/mlflow', '/ajax-api/2.0/mlflow', '/ajax-api/3.0/mlflow', '/api/2.0/mlflow-artifacts', '/ajax-api/2.0/mlflow-artifacts'];

/** MLflow's tracking server, registry and artifact proxy, as its clients know them. */
export function mlflowDialect(tracking: Tracking, webhooks: Webhooks): Dialect {
  return {
    name: 'mlflow',
    async register(app) {
      app.setErrorHandler(answerError);
      await app.register(async (json) =>
        addEndpoints(json, [
          ...experimentEndpoints(tracking),
          ...runEndpoints(tracking),
          ...metricEndpoints(tracking),
          ...metricHistoryEndpoints(tracking),
          ...loggedModelEndpoints(tracking),
          ...registeredModelEndpoints(tracking),
          ...modelVersionEndpoints(tracking),
          ...artifactEndpoints(tracking),
          ...directTransferEndpoints(tracking),
          ...webhookEndpoints(webhooks),
          ...serverInfoEndpoints(tracking),
        ]),
      );
      await app.register(async (bytes) => {
        bytes.removeAllContentTypeParsers();
        // whatever its type, an upload stays a stream
        bytes.addContentTypeParser('*', (_, payload, done) => done(null, payload));
        addArtifactProxy(bytes, tracking);
        addArtifactFiles(bytes, tracking);
      });
      await app.register(async (rest) => addTheRest(rest));
    },
  };
}

function addTheRest(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  // the body of a call that nobody answers is not read
  app.addContentTypeParser('*', (_, __, done) => done(null, undefined));
  app.get('/version', { config: { access: 'public' } }, (_, reply) => reply.type('text/plain').send(VERSION));
  for (const root of ROOTS) app.all(`${root}/*`, { config: { access: 'read_or_run' }, exposeHeadRoute: false }, answerNotFound);
}

function answerNotFound(request: FastifyRequest): never {
  throw new TrainyardError('ROUTE_NOT_FOUND', { method: request.method, path: request.url.split('?', 1)[0] ?? '' });
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = toMlflowError(error, request);
  if (known === undefined) request.log.error({ err: error }, 'a call of the MLflow API broke');
  const { status, code, message } = known ?? { status: 500, code: 'INTERNAL_ERROR', message: `Something broke inside the server. Look for the request id ${request.id} in its log.` };
  for (const name of FILE_HEADERS) reply.removeHeader(name);
  return reply.code(status).type('application/json').send(JSON.stringify({ error_code: code, message }));
}
