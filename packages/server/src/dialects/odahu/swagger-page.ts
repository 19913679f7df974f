import type { FastifyInstance } from 'fastify';
import type { OdahuRoute } from './route.ts';
import { swaggerOf } from './swagger.ts';

/** The page of the native API serves the files of Swagger UI; this one shows another document with them. */
const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>ODAHU's API</title><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/swagger/start.js"></script></body></html>`;
const START = `SwaggerUIBundle({ url: '/swagger/data.json', dom_id: '#ui', deepLinking: true });`;
const POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/** Swagger at ODAHU's paths. The document is open to all, as there: it says nothing about this server. */
export function addSwagger(app: FastifyInstance, routes: readonly OdahuRoute[], version: string): void {
  let document: string | undefined;
  app.get('/swagger/data.json', { config: { access: 'public' } }, (_request, reply) => {
    document ??= JSON.stringify(swaggerOf(routes, version));
    return reply.type('application/json; charset=utf-8').send(document);
  });
  app.get('/swagger/index.html', { config: { access: 'signed_in' } }, (_request, reply) => reply.type('text/html; charset=utf-8').header('content-security-policy', POLICY).send(PAGE));
  app.get('/swagger/start.js', { config: { access: 'signed_in' } }, (_request, reply) => reply.type('text/javascript; charset=utf-8').send(START));
}
