import type { Connection as ConnectionAnswer, ConnectionInput } from '@trainyard/api/schemas/connection.ts';
import type { ToolchainIntegration, ToolchainIntegrationInput } from '@trainyard/api/schemas/toolchain-integration.ts';
import type { Cli } from '../../cli.ts';
import type { Connection } from '../../connection/connection.ts';
import { isServerAnswer } from '../../exit-codes.ts';
import { withValues } from '../connection-values.ts';
import type { FoundManifest, Manifest } from '../manifest.ts';
import { readKinds } from '../read-manifest.ts';

export type Mode = 'create' | 'create_new' | 'edit';

/** Connections of a file, with the values of the files and variables they name. */
export async function readConnections(cli: Cli, file: string): Promise<FoundManifest<'Connection'>[]> {
  const { dir, manifests } = await readKinds(cli.io, file, ['Connection']);
  return Promise.all(manifests.map(async ({ manifest, where }) => ({ where, manifest: { ...manifest, spec: await withValues(manifest.spec, { dir, env: cli.io.env, where }) } })));
}

export async function readToolchains(cli: Cli, file: string): Promise<FoundManifest<'ToolchainIntegration'>[]> {
  return [...(await readKinds(cli.io, file, ['ToolchainIntegration'])).manifests];
}

/** Creates or edits a connection; undefined when it was left as it is. The shape is the server's to check: it names every wrong field. */
export function sendConnection(server: Connection, manifest: Manifest<'Connection'>, mode: Mode): Promise<ConnectionAnswer | undefined> {
  const body = manifest as unknown as ConnectionInput;
  return unlessThere(mode, 'CONNECTION_EXISTS', () => (mode === 'edit' ? server.call('editConnection', { params: { id: manifest.id }, body }) : server.call('createConnection', { body })));
}

/** The same for a toolchain integration. */
export function sendToolchain(server: Connection, manifest: Manifest<'ToolchainIntegration'>, mode: Mode): Promise<ToolchainIntegration | undefined> {
  const body = manifest as unknown as ToolchainIntegrationInput;
  return unlessThere(mode, 'TOOLCHAIN_EXISTS', () => (mode === 'edit' ? server.call('editToolchain', { params: { id: manifest.id }, body }) : server.call('createToolchain', { body })));
}

/** What came of it, as people read it. */
export function doneText(what: string, { id, mode, done }: { readonly id: string; readonly mode: Mode; readonly done: boolean }): string {
  return `${what} '${id}' ${done ? (mode === 'edit' ? 'edited' : 'created') : 'exists already, left as it is'}`;
}

/** Deletes; what is not there may count as deleted. */
export async function deleteResource(cli: Cli, { what, id, ignoreNotFound }: { readonly what: string; readonly id: string; readonly ignoreNotFound: boolean }, send: () => Promise<{ readonly message: string }>): Promise<void> {
  try {
    const { message } = await send();
    await cli.out.lines([message]);
  } catch (error) {
    if (!ignoreNotFound || !isServerAnswer(error) || error.status !== 404) throw error;
    await cli.out.lines([`there is no ${what} '${id}', nothing to delete`]);
  }
}

async function unlessThere<T>(mode: Mode, code: string, send: () => Promise<T>): Promise<T | undefined> {
  try {
    return await send();
  } catch (error) {
    if (mode === 'create_new' && isServerAnswer(error) && error.code === code) return undefined;
    throw error;
  }
}
