import type { Access, RouteShape } from '@trainyard/api/route.ts';
import { routes } from '@trainyard/api/routes.ts';
import { TrainingBody } from '@trainyard/api/schemas/training.ts';
import { bodyOf, operationOf, typeText } from './contract.ts';
import { code, table } from './markdown.ts';

const WHO: Readonly<Record<Access, string>> = {
  public: 'anybody',
  optional: 'anybody; a token that is sent must be good',
  signed_in: 'any user',
  read: 'viewers, data scientists, admins',
  write: 'data scientists, admins',
  configure: 'admins',
  decrypt: 'admins',
  administer: 'admins',
  run: 'the run itself',
  read_or_run: 'viewers, data scientists, admins, or the run itself',
  write_or_run: 'data scientists, admins, or the run itself',
};

/** Every native route: who may call it, what it takes. */
export function httpPage(): string {
  const all: readonly RouteShape[] = Object.values(routes);
  const tags = [...new Set(all.map(({ tag }) => tag))];
  const sections = tags.map((tag) => `## ${tag}\n\n${all.filter((route) => route.tag === tag).map(section).join('\n\n')}`);
  return [
    '# HTTP interface',
    'The same as data, with every answer: `/openapi.json` of a running server, and `/docs` to try it. Send `Authorization: Bearer <token>`; bodies are JSON unless it says otherwise. Lists have `limit` and `cursor`, and answer `nextCursor` while there is more.',
    ...sections,
  ].join('\n\n');
}

function section(route: RouteShape): string {
  const facts = `${route.summary}. For: ${WHO[route.access]}. Answers ${route.status}${route.gives === undefined ? '' : ` with ${route.gives}`}.`;
  const takes = [...parameterRows(route), ...bodyRows(route)];
  return [`### ${code(`${route.method} ${route.path}`)}`, facts, ...(takes.length === 0 ? [] : [table(['takes', 'in', 'type', 'what it is'], takes)])].join('\n\n');
}

function parameterRows(route: RouteShape): string[][] {
  return operationOf(route).parameters.map(({ name, in: where, required, schema, description }) => [code(name), where, `${typeText(schema)}${required ? '' : defaultText(schema.default)}`, description ?? '']);
}

function bodyRows(route: RouteShape): string[][] {
  if (route.takes === 'bytes') return [['the bytes', 'body', 'bytes', '']];
  if (route.body === TrainingBody) return [['a training', 'body', 'object', 'see [training.md](training.md)']];
  const { properties = {}, required = [] } = bodyOf(route) ?? {};
  return Object.entries(properties).map(([name, field]) => [code(name), 'body', `${typeText(field)}${required.includes(name) ? '' : defaultText(field.default)}`, field.description ?? '']);
}

function defaultText(value: unknown): string {
  return value === undefined || value === '' ? ', optional' : `, default ${code(typeof value === 'string' ? value : JSON.stringify(value))}`;
}
