import { problemsOf } from '@trainyard/api/problems.ts';
import type { Access } from '@trainyard/api/route.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';

/** Groups of routes that can be switched off. */
export type ApiGroup = 'connection' | 'training';

/** One route of ODAHU's API. The server mounts it, Swagger shows it. */
export interface OdahuRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Parameters as `:name`. */
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  /** Absent: always on. */
  readonly group?: ApiGroup;
  readonly access: Access;
  /** Name of the action in the audit log. */
  readonly audit?: string;
  readonly query?: Readonly<Record<string, QueryField>>;
  readonly body?: z.ZodType;
  readonly status: 200 | 201;
  /** Name of what is answered, in Swagger: a resource, or an array of it with `[]`. */
  readonly gives: string;
  /** Answers an object to be sent as JSON, or the reply that was sent. */
  handle(call: Call): Promise<object>;
}

export interface QueryField {
  readonly type: 'string' | 'integer' | 'boolean';
  readonly text: string;
  /** May be there several times: any of them. */
  readonly many?: true;
}

export interface Call {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** The body as the schema reads it. Throws INVALID_FIELDS. */
export function readBody<T extends z.ZodType>(schema: T, { body }: FastifyRequest): z.output<T> {
  if (body === undefined) throw new TrainyardError('INVALID_FIELDS', { problem: 'the body is empty: a resource as JSON is expected' });
  if (body === null) throw new TrainyardError('INVALID_FIELDS', { problem: 'the body is null: a resource as JSON is expected' });
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const problems = problemsOf(schema, result.error, body);
  throw new TrainyardError('INVALID_FIELDS', { problem: problems.join('; ') }, { problems });
}

export function idOf({ params }: FastifyRequest): string {
  return (params as { readonly id?: string }).id ?? '';
}
