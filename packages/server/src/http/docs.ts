import { createReadStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openApi } from '@trainyard/api/openapi.ts';
import type { RouteShape } from '@trainyard/api/route.ts';
import type { FastifyInstance } from 'fastify';
import { VERSION } from '../version.ts';

/** The only files of Swagger UI that are served; nothing is ever looked up by a name from outside. */
const FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
};

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Trainyard API</title><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>`;
const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#ui', deepLinking: true });`;
const POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/** /openapi.json and a page to try it. Made at the first call: a server that nobody asks for them does not pay for them. */
export function addDocs(app: FastifyInstance, table: Readonly<Record<string, RouteShape>>): void {
  let document: string | undefined;
  app.get('/openapi.json', { config: { access: 'signed_in' } }, (_request, reply) => {
    document ??= JSON.stringify(openApi(table, VERSION));
    return reply.type('application/json; charset=utf-8').send(document);
  });
  app.get('/docs', { config: { access: 'signed_in' } }, (_request, reply) => reply.type('text/html; charset=utf-8').header('content-security-policy', POLICY).send(PAGE));
  app.get('/docs/start.js', { config: { access: 'signed_in' } }, (_request, reply) => reply.type('text/javascript; charset=utf-8').send(START));
  for (const [file, type] of Object.entries(FILES)) {
    app.get(`/docs/${file}`, { config: { access: 'signed_in' } }, (_request, reply) => reply.type(type).header('cache-control', 'private, max-age=86400').send(createReadStream(join(assets(), file))));
  }
}

/** The plug-in's package carries the files (without the install script of swagger-ui-dist); the plug-in itself is not used. */
function assets(): string {
  return join(dirname(fileURLToPath(import.meta.resolve('@fastify/swagger-ui/package.json'))), 'static');
}
