import { openApi } from '@trainyard/api/openapi.ts';
import type { RouteShape } from '@trainyard/api/route.ts';
import { routes } from '@trainyard/api/routes.ts';

/** The parts of a JSON schema that the reference shows. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
}

export interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: 'path' | 'query'; readonly required: boolean; readonly schema: JsonSchema; readonly description?: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
}

const contract = openApi(routes, '') as unknown as { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

/** What the OpenAPI document says of a route. */
export function operationOf({ method, path }: Pick<RouteShape, 'method' | 'path'>): Operation {
  const operation = contract.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
  if (operation === undefined) throw new Error(`the OpenAPI document does not have ${method} ${path}`);
  return operation;
}

/** Of the JSON body a route takes; undefined when it takes none. */
export function bodyOf(route: Pick<RouteShape, 'method' | 'path'>): JsonSchema | undefined {
  return operationOf(route).requestBody?.content['application/json']?.schema;
}

/** `text`, `one of a, b`, `list of text`, `object` …: a type as a reader says it. */
export function typeText(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return `one of ${schema.enum.map((value) => `\`${String(value)}\``).join(', ')}`;
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeText))].join(' or ');
  if (schema.items !== undefined) return `list of ${typeText(schema.items)}`;
  if (schema.type === 'object') return typeof schema.additionalProperties === 'object' ? `map of ${typeText(schema.additionalProperties)}` : 'object';
  if (schema.type === undefined) return 'any';
  return typeof schema.type === 'string' ? plainName(schema.type) : unionName(schema.type);
}

function plainName(type: string): string {
  return type === 'string' ? 'text' : type;
}

/** Text that YAML may write without quotes, and durations, which are text or a number of seconds. */
function unionName(types: readonly string[]): string {
  const known: Readonly<Record<string, string>> = { 'boolean,number,string': 'text', 'number,string': 'duration' };
  return known[types.toSorted().join(',')] ?? types.map(plainName).join(' or ');
}
