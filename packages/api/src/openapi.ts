import { z } from 'zod';
import type { RouteShape } from './route.ts';
import { ErrorAnswer } from './schemas/error.ts';

type Json = Record<string, unknown>;

/** OpenAPI 3.1 of a route table. Requests are described as clients write them, answers as they read them. */
export function openApi(table: Readonly<Record<string, RouteShape>>, version: string): Json {
  const paths: Record<string, Json> = {};
  for (const [name, shape] of Object.entries(table)) {
    const path = shape.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [shape.method.toLowerCase()]: operation(name, shape) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Trainyard', version, description: 'Model training on the engine you already have. Beside these routes the server speaks the REST API of MLflow.', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Error: schemaOf(ErrorAnswer, 'output') },
    },
  };
}

function operation(name: string, shape: RouteShape): Json {
  return {
    operationId: name,
    summary: shape.summary,
    tags: [shape.tag],
    ...(shape.access === 'public' ? { security: [] } : shape.access === 'optional' ? { security: [{}, { token: [] }] } : {}),
    parameters: [...parameters('path', shape.params), ...parameters('query', shape.query)],
    ...(shape.takes === 'bytes' ? { requestBody: { required: true, content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } } } : {}),
    ...(shape.body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(shape.body, 'input') } } } }),
    responses: {
      [shape.status]: { description: 'Done', content: contentOf(shape) },
      default: { description: 'An error', content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
    },
  };
}

function contentOf(shape: RouteShape): Json {
  if (shape.gives === 'events') return { 'text/event-stream': { schema: { type: 'string' } } };
  if (shape.gives === 'bytes') return { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
  return shape.answer === undefined ? {} : { 'application/json': { schema: schemaOf(shape.answer, 'output') } };
}

function parameters(place: 'path' | 'query', schema: z.ZodType | undefined): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as { properties?: Record<string, Json>; required?: string[] };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({ name, in: place, required: place === 'path' || required.includes(name), schema: rest, ...(description === undefined ? {} : { description }) }));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  return rest;
}
