import { isTrainyardError, TrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../platform/logger.ts';
import type { Connections } from '../../usecases/connections.ts';
import type { Dialect } from '../dialect.ts';
import { type ConfigurationFacts, configurationRoutes } from './configuration.ts';
import { connectionRoutes } from './connections.ts';
import { toOdahuError } from './errors.ts';
import { outsideRoutes } from './outside.ts';
import type { ApiGroup, OdahuRoute } from './route.ts';
import { addSwagger } from './swagger-page.ts';
import { toolchainIntegrationRoutes } from './toolchain-integrations.ts';
import type { TrainingParts } from './training-parts.ts';
import { trainingRoutes } from './trainings.ts';
import { userInfoRoutes } from './user-info.ts';

export interface OdahuParts extends Omit<TrainingParts, 'defaults'> {
  readonly connections: Connections;
  /** Where trainings run, as ODAHU's have no word for it. */
  readonly engine: string;
  readonly facts: ConfigurationFacts;
  /** Whether somebody without a token can log in at an identity provider. */
  readonly asksToLogIn: boolean;
  readonly log: Logger;
}

/** Below these everything that is not there is gin's text, which ODAHU's clients know. */
const ROOTS = ['/api/v1/connection', '/api/v1/toolchain', '/api/v1/model', '/api/v1/packaging', '/api/v1/batch', '/api/v1/configuration', '/api/v1/user'];

/** ODAHU 1.6.1: connections, toolchain integrations and model trainings, as `odahuflowctl` and its SDK know them. */
export function odahuDialect(parts: OdahuParts): Dialect {
  const { facts, engine, log, asksToLogIn } = parts;
  const routes = [
    ...connectionRoutes(parts.connections),
    ...toolchainIntegrationRoutes(parts.toolchains),
    ...trainingRoutes({ ...parts, defaults: { engine, outputConnection: facts.outputConnection } }),
    ...configurationRoutes(facts),
    ...userInfoRoutes(),
    ...outsideRoutes(),
  ];
  return {
    name: 'odahu',
    register(app) {
      app.setErrorHandler((error, request, reply) => answerError(error, { request, reply, log, asksToLogIn }));
      for (const route of routes) addRoute(app, route, facts.groups);
      addSwagger(app, routes, facts.version);
      for (const root of ROOTS) app.all(`${root}/*`, { config: { access: 'signed_in' }, exposeHeadRoute: false }, (_, reply) => reply.code(404).type('text/plain').send('404 page not found'));
    },
  };
}

function addRoute(app: FastifyInstance, route: OdahuRoute, on: readonly ApiGroup[]): void {
  const off = route.method !== 'GET' && route.group !== undefined && !on.includes(route.group);
  app.route({
    method: route.method,
    url: route.path,
    exposeHeadRoute: false,
    config: { access: route.access, ...(route.audit === undefined ? {} : { audit: route.audit }), ...(route.method === 'GET' ? { login: 'odahuflowctl' } : {}) },
    handler: async (request, reply) => {
      if (off) throw new TrainyardError('INVALID_FIELDS', { problem: 'This API is disabled' });
      const answer = await route.handle({ request, reply });
      return answer === reply ? reply : reply.code(route.status).type('application/json; charset=utf-8').send(JSON.stringify(answer));
    },
  });
}

interface Failed {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly log: Logger;
  readonly asksToLogIn: boolean;
}

function answerError(error: unknown, { request, reply, log, asksToLogIn }: Failed): FastifyReply {
  const known = toOdahuError(error, request, asksToLogIn);
  if (known === undefined) log.error({ error, requestId: request.id }, "a call of ODAHU's API broke");
  const { status, message } = known ?? { status: 500, message: `something broke inside the server: look for the request id ${request.id} in its log` };
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  const ours = isTrainyardError(error) ? { code: error.code, hint: error.hint } : {};
  return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify({ message, ...ours }));
}
