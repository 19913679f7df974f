import type { ToolchainIntegrations } from '../../usecases/toolchain-integrations.ts';
import { PAGING, readListQuery } from './list-query.ts';
import { type Call, idOf, type OdahuRoute, readBody } from './route.ts';
import { sendList } from './send-list.ts';
import { readToolchainIntegration, ToolchainIntegrationBody, toolchainIntegrationView } from './wire/toolchain-integration.ts';

const PATH = '/api/v1/toolchain/integration';
const GROUP = { group: 'training', tag: 'Toolchain' } as const;

export function toolchainIntegrationRoutes(toolchains: ToolchainIntegrations): OdahuRoute[] {
  return [
    { ...GROUP, method: 'GET', path: PATH, summary: 'List toolchain integrations by id', access: 'read', query: PAGING, status: 200, gives: 'ToolchainIntegration[]', handle: (call) => list(toolchains, call) },
    { ...GROUP, method: 'GET', path: `${PATH}/:id`, summary: 'Get a toolchain integration', access: 'read', status: 200, gives: 'ToolchainIntegration', handle: async ({ request }) => toolchainIntegrationView(await toolchains.get(idOf(request))) },
    { ...GROUP, method: 'POST', path: PATH, summary: 'Create a toolchain integration', access: 'configure', audit: 'toolchain.create', body: ToolchainIntegrationBody, status: 201, gives: 'ToolchainIntegration', handle: ({ request }) => put(toolchains, 'create', request) },
    { ...GROUP, method: 'PUT', path: PATH, summary: 'Replace a toolchain integration', access: 'configure', audit: 'toolchain.edit', body: ToolchainIntegrationBody, status: 200, gives: 'ToolchainIntegration', handle: ({ request }) => put(toolchains, 'edit', request) },
    { ...GROUP, method: 'DELETE', path: `${PATH}/:id`, summary: 'Delete a toolchain integration', access: 'configure', audit: 'toolchain.delete', status: 200, gives: 'Message', handle: ({ request }) => remove(toolchains, idOf(request)) },
  ];
}

function list(toolchains: ToolchainIntegrations, { request, reply }: Call): Promise<object> {
  return sendList(reply, readListQuery(request.query, []), { read: (part) => toolchains.list(part), view: toolchainIntegrationView });
}

async function put(toolchains: ToolchainIntegrations, kind: 'create' | 'edit', request: Call['request']): Promise<object> {
  const { id, spec } = readToolchainIntegration(readBody(ToolchainIntegrationBody, request));
  return toolchainIntegrationView(await toolchains[kind](id, spec));
}

async function remove(toolchains: ToolchainIntegrations, id: string): Promise<object> {
  await toolchains.delete(id);
  return { message: `ToolchainIntegration ${id} was deleted` };
}
