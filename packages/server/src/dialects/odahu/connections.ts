import { type ConnectionSpec, MASK } from '@trainyard/core/connection/connection-spec.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { nameOf } from '../../http/identity.ts';
import type { Connections } from '../../usecases/connections.ts';
import { PAGING, readListQuery } from './list-query.ts';
import { type Call, idOf, type OdahuRoute, readBody } from './route.ts';
import { sendList } from './send-list.ts';
import { ConnectionBody, connectionView, readConnection, withOwnFields } from './wire/connection.ts';

const PATH = '/api/v1/connection';
const GROUP = { group: 'connection', tag: 'Connection' } as const;

export function connectionRoutes(connections: Connections): OdahuRoute[] {
  return [
    { ...GROUP, method: 'GET', path: PATH, summary: 'List connections by id; secrets are masked', access: 'read', query: { ...PAGING, type: { type: 'string', text: 'Type', many: true } }, status: 200, gives: 'Connection[]', handle: (call) => list(connections, call) },
    { ...GROUP, method: 'GET', path: `${PATH}/:id`, summary: 'Get a connection; secrets are masked', access: 'read', status: 200, gives: 'Connection', handle: async ({ request }) => connectionView(await connections.get(idOf(request)), 'masked') },
    { ...GROUP, method: 'GET', path: `${PATH}/:id/decrypted`, summary: 'Get a connection with its secrets as base64; it is noted who did', access: 'decrypt', audit: 'connection.decrypt', status: 200, gives: 'Connection', handle: ({ request }) => decrypted(connections, request) },
    { ...GROUP, method: 'POST', path: PATH, summary: 'Create a connection', access: 'configure', audit: 'connection.create', body: ConnectionBody, status: 201, gives: 'Connection', handle: ({ request }) => put(connections, 'create', request) },
    { ...GROUP, method: 'PUT', path: PATH, summary: 'Replace a connection; a secret that is ***** stays as it was', access: 'configure', audit: 'connection.edit', body: ConnectionBody, status: 200, gives: 'Connection', handle: ({ request }) => put(connections, 'edit', request) },
    { ...GROUP, method: 'DELETE', path: `${PATH}/:id`, summary: 'Delete a connection', access: 'configure', audit: 'connection.delete', status: 200, gives: 'Message', handle: ({ request }) => remove(connections, idOf(request)) },
  ];
}

function list(connections: Connections, { request, reply }: Call): Promise<object> {
  const { filters, ...stretch } = readListQuery(request.query, ['type']);
  return sendList(reply, stretch, { read: (part) => connections.list({ ...part, types: filters.type }), view: (record) => connectionView(record, 'masked') });
}

async function decrypted(connections: Connections, request: Call['request']): Promise<object> {
  return connectionView(await connections.decrypted(idOf(request), nameOf(request.identity)), 'decrypted');
}

async function put(connections: Connections, kind: 'create' | 'edit', request: Call['request']): Promise<object> {
  const { id, problems, ...read } = readConnection(readBody(ConnectionBody, request), kind === 'edit');
  if (problems.length > 0) {
    const all = [...problems, ...(await connections.problems(id, withoutMasks(read.spec)))];
    throw new TrainyardError('INVALID_CONNECTION', { problems: all.join('; ') }, { problems: all });
  }
  if (kind === 'create') return connectionView(await connections.create(id, read.spec), 'masked');
  const before = await connections.find(id);
  const spec = before === undefined ? read.spec : withOwnFields(read.spec, before.spec, request.body);
  return connectionView(await connections.edit(id, spec), 'masked');
}

/** Runs that use it do not keep it, as in ODAHU: `bulk delete` removes connections before trainings. */
async function remove(connections: Connections, id: string): Promise<object> {
  await connections.delete(id, { force: true });
  return { message: `Connection ${id} was deleted` };
}

/** Whether a mask stands for something is asked when nothing else is wrong. */
function withoutMasks(spec: ConnectionSpec): ConnectionSpec {
  return { ...spec, ...Object.fromEntries(Object.entries(spec).flatMap(([field, value]) => (value === MASK ? [[field, 'masked']] : []))) };
}
