import type { Cli } from '../../cli.ts';
import type { Connection } from '../../connection/connection.ts';
import { type Kind, type Manifest, namesSource } from '../manifest.ts';
import { LiveLine } from '../../progress/live-line.ts';
import { sendConnection, sendToolchain } from './send-resources.ts';
import { attachSource, listSource } from '../../training/attach-source.ts';
import { submit } from '../../training/submit.ts';
import { nameOf, type Planned, type Resource } from './resource.ts';

const DONE = { create: 'created', change: 'changed' } as const;

export interface CarryOut {
  readonly cli: Cli;
  readonly server: Connection;
  /** False: trainings are kept without being run. */
  readonly run: boolean;
  /** Stops runs and goes over those that still use something. */
  readonly force: boolean;
}

/** Carries one step of a plan out and says what came of it. */
export async function carryOut(planned: Planned, options: CarryOut): Promise<string> {
  const { action, resource, kind, id } = planned;
  switch (action) {
    case 'keep':
      return `${nameOf(planned)} as it is`;
    case 'delete':
      await remove(kind, id, options);
      return `${nameOf(planned)} deleted`;
    case 'run': {
      const { number, state } = await options.server.call('runTraining', { params: { id }, body: {} });
      return `${nameOf(planned)} runs again, run ${number} ${state}`;
    }
    case 'create':
    case 'change':
      return `${nameOf(planned)} ${DONE[action]}${resource === undefined ? '' : await put(resource, action, options)}`;
    default:
      return action satisfies never;
  }
}

async function put(resource: Resource, action: 'create' | 'change', { cli, server, run }: CarryOut): Promise<string> {
  const { manifest } = resource;
  const mode = action === 'create' ? 'create' : 'edit';
  switch (manifest.kind) {
    case 'Connection':
      await sendConnection(server, manifest as Manifest<'Connection'>, mode);
      return '';
    case 'ToolchainIntegration':
      await sendToolchain(server, manifest as Manifest<'ToolchainIntegration'>, mode);
      return '';
    case 'ModelTraining': {
      const { status } = await submit(server, { manifest: await withSource(cli, server, resource), exists: mode === 'edit', run });
      return run && status.runNumber !== undefined ? `, run ${status.runNumber} ${status.state}` : '';
    }
    default:
      return manifest.kind satisfies never;
  }
}

async function withSource(cli: Cli, server: Connection, resource: Resource): Promise<Manifest> {
  const { manifest, where } = resource;
  const training = manifest as Manifest;
  if (namesSource(manifest)) return training;
  return attachSource(server, { manifest: training, listing: await listSource(resource, where), live: new LiveLine(cli.err), signal: cli.io.interrupted });
}

async function remove(kind: Kind, id: string, { server, force }: CarryOut): Promise<void> {
  const query = { force: force ? 'true' : 'false' } as const;
  switch (kind) {
    case 'Connection':
      await server.call('deleteConnection', { params: { id }, query });
      return;
    case 'ToolchainIntegration':
      await server.call('deleteToolchain', { params: { id } });
      return;
    case 'ModelTraining':
      await server.call('deleteTraining', { params: { id }, query });
      return;
    default:
      kind satisfies never;
  }
}
