import { z } from 'zod';
import type { OdahuRoute, QueryField } from './route.ts';
import { ConnectionBody } from './wire/connection.ts';
import { ToolchainIntegrationBody } from './wire/toolchain-integration.ts';
import { TrainingBody, TrainingResultBody } from './wire/training-body.ts';

type Json = Record<string, unknown>;

const text = { type: 'string' };

/** Swagger 2.0 of the routes, as ODAHU has it, made from the schemas that read the bodies. */
export function swaggerOf(routes: readonly OdahuRoute[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    swagger: '2.0',
    info: { title: "Trainyard: ODAHU's API", version, license: { name: 'Apache 2.0' }, description: 'Connections, toolchain integrations and model trainings as clients of ODAHU 1.6.1 know them.' },
    securityDefinitions: { token: { type: 'apiKey', name: 'Authorization', in: 'header' } },
    security: [{ token: [] }],
    paths,
    definitions: definitions(),
  };
}

function operation({ path, summary, tag, query = {}, body, status, gives }: OdahuRoute): Json {
  const named = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({ name, in: 'path', required: true, type: 'string' }));
  const listed = Object.entries(query).map(([name, field]) => queryParameter(name, field));
  const whole = body === undefined ? [] : [{ name: 'body', in: 'body', required: true, schema: { $ref: `#/definitions/${gives}` } }];
  const schema = gives === 'Log' ? text : gives.endsWith('[]') ? { type: 'array', items: reference(gives.slice(0, -2)) } : reference(gives);
  return {
    summary,
    tags: [tag],
    ...(body === undefined ? {} : { consumes: ['application/json'] }),
    produces: [gives === 'Log' ? 'text/plain' : 'application/json'],
    parameters: [...named, ...listed, ...whole],
    responses: { [status]: { description: 'Done', schema }, default: { description: 'An error', schema: reference('Message') } },
  };
}

function queryParameter(name: string, { type, text: description, many }: QueryField): Json {
  const common = { name, in: 'query', required: false, description };
  return many === true ? { ...common, type: 'array', items: { type }, collectionFormat: 'multi' } : { ...common, type };
}

/** What is outside of Trainyard has no definition of its own. */
function reference(name: string): Json {
  return name in DEFINED ? { $ref: `#/definitions/${name}` } : { type: 'object' };
}

const artifact = () => schemaOf(TrainingResultBody);
const trainingStatus = (): Json => ({
  type: 'object',
  properties: {
    podName: text,
    state: { type: 'string', enum: ['unknown', 'scheduling', 'running', 'succeeded', 'failed'] },
    exitCode: { type: 'integer' },
    reason: text,
    message: text,
    artifacts: { type: 'array', items: artifact() },
  },
});

const DEFINED: Readonly<Record<string, () => Json>> = {
  Connection: () => resource(ConnectionBody, { type: 'object' }),
  ToolchainIntegration: () => resource(ToolchainIntegrationBody, { type: 'object' }),
  ModelTraining: () => resource(TrainingBody, trainingStatus()),
  TrainingResult: artifact,
  Configuration: () => ({ type: 'object' }),
  UserInfo: () => ({ type: 'object', properties: { username: text, email: text } }),
  Message: () => ({ type: 'object', properties: { message: text } }),
};

function definitions(): Json {
  return Object.fromEntries(Object.entries(DEFINED).map(([name, definition]) => [name, definition()]));
}

function resource(body: z.ZodType, status: Json): Json {
  const { properties } = schemaOf(body) as { properties: Json };
  const time = { type: 'string', format: 'date-time', readOnly: true };
  return { type: 'object', properties: { ...properties, createdAt: time, updatedAt: time, status: { ...status, readOnly: true } } };
}

/** As ODAHU writes it: no field is required here, and others are passed over. */
function schemaOf(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, {
    target: 'draft-4',
    io: 'output',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      delete jsonSchema.required;
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      delete jsonSchema.$schema;
    },
  });
}
