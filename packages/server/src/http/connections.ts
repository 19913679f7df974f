import { type Connection, toConnectionSpec } from '@trainyard/api/schemas/connection.ts';
import type { ToolchainIntegration } from '@trainyard/api/schemas/toolchain-integration.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { ConnectionRecord } from '../stores/connections.ts';
import type { ToolchainIntegrationRecord } from '../stores/toolchain-integrations.ts';
import type { ConnectionCheck, Connections } from '../usecases/connections.ts';
import type { ToolchainIntegrations } from '../usecases/toolchain-integrations.ts';
import { byId, pageOf } from './cursor.ts';
import { nameOf } from './identity.ts';
import type { Handlers } from './mount.ts';
import { timeText } from './views.ts';

/** Connections → use cases. */
export function connectionHandlers(connections: Connections) {
  return {
    listConnections: async ({ query: { limit, cursor, type } }) => {
      const items = await connections.list({ types: type, after: byId.read(cursor), limit: limit + 1 });
      return pageOf(items, limit, { view: connectionView, cursor: byId.write });
    },
    createConnection: async ({ body }) => connectionView(await connections.create(body.id, toConnectionSpec(body.spec))),
    getConnection: async ({ params }) => connectionView(await connections.get(params.id)),
    editConnection: async ({ params, body }) => {
      mustBeSame('connection', params.id, body.id);
      return connectionView(await connections.edit(params.id, toConnectionSpec(body.spec)));
    },
    deleteConnection: async ({ params, query }) => {
      await connections.delete(params.id, query);
      return { message: `Connection ${params.id} was deleted` };
    },
    checkConnection: async ({ params }) => checkView(await connections.check(params.id)),
    checkNewConnection: async ({ body }) => checkView(await connections.checkNew(body.id, toConnectionSpec(body.spec))),
    compareConnection: async ({ params, body }) => {
      mustBeSame('connection', params.id, body.id);
      return { changes: await connections.compare(params.id, toConnectionSpec(body.spec)) };
    },
    decryptConnection: async ({ params, identity }) => connectionView(await connections.decrypted(params.id, nameOf(identity))),
  } satisfies Partial<Handlers>;
}

/** Toolchain integrations → use cases. */
export function toolchainHandlers(integrations: ToolchainIntegrations) {
  return {
    listToolchains: async ({ query: { limit, cursor } }) => {
      const items = await integrations.list({ after: byId.read(cursor), limit: limit + 1 });
      return pageOf(items, limit, { view: integrationView, cursor: byId.write });
    },
    createToolchain: async ({ body }) => integrationView(await integrations.create(body.id, body.spec)),
    getToolchain: async ({ params }) => integrationView(await integrations.get(params.id)),
    editToolchain: async ({ params, body }) => {
      mustBeSame('toolchain integration', params.id, body.id);
      return integrationView(await integrations.edit(params.id, body.spec));
    },
    deleteToolchain: async ({ params }) => {
      await integrations.delete(params.id);
      return { message: `ToolchainIntegration ${params.id} was deleted` };
    },
  } satisfies Partial<Handlers>;
}

function connectionView({ id, spec, createdAt, updatedAt }: ConnectionRecord): Connection {
  return { kind: 'Connection', id, createdAt: timeText(createdAt), updatedAt: timeText(updatedAt), spec: { ...spec } };
}

function integrationView({ id, spec, createdAt, updatedAt }: ToolchainIntegrationRecord): ToolchainIntegration {
  return { kind: 'ToolchainIntegration', id, createdAt: timeText(createdAt), updatedAt: timeText(updatedAt), spec: { ...spec, additionalEnvironments: { ...spec.additionalEnvironments } } };
}

function checkView({ notes, ...check }: ConnectionCheck) {
  return { ...check, notes: [...notes] };
}

function mustBeSame(what: string, path: string, body: string): void {
  if (path !== body) throw new TrainyardError('BAD_REQUEST', { problem: `the path names the ${what} '${path}', the body '${body}'` });
}
