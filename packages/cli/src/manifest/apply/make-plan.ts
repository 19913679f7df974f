import type { ConnectionInput } from '@trainyard/api/schemas/connection.ts';
import { toSpecBody, toTrainingSpec, TrainingSpecBody } from '@trainyard/api/schemas/training.ts';
import { ToolchainIntegrationSpecBody } from '@trainyard/api/schemas/toolchain-integration.ts';
import { SECRET_FIELDS } from '@trainyard/core/connection/connection-spec.ts';
import type { Cli } from '../../cli.ts';
import type { Connection } from '../../connection/connection.ts';
import { isServerAnswer } from '../../exit-codes.ts';
import { checkEngine, checkManifest } from '../check-manifest.ts';
import { namesSource } from '../manifest.ts';
import { listSource } from '../../training/attach-source.ts';
import { differences, differenceText } from './differences.ts';
import type { Planned, Resource } from './resource.ts';

export interface PlanOptions {
  /** Trainings that did not change are run again too. */
  readonly rerun: boolean;
}

/** Compares each resource with what the server has. Reads everything and changes nothing. */
export async function makePlan(cli: Cli, server: Connection, { resources, rerun }: PlanOptions & { readonly resources: readonly Resource[] }): Promise<Planned[]> {
  const plan: Planned[] = [];
  for (const resource of resources) {
    const { kind, id } = resource.manifest;
    checkManifest(resource.manifest, resource.where);
    await checkEngine(server, resource.manifest);
    const changes = await changesOf(cli, server, resource);
    const same = kind === 'ModelTraining' && rerun ? 'run' : 'keep';
    plan.push({ kind, id, resource, action: changes === undefined ? 'create' : changes.length === 0 ? same : 'change', changes: changes ?? [] });
  }
  return plan;
}

/** What an edit would change; undefined when there is no such resource yet. */
function changesOf(cli: Cli, server: Connection, resource: Resource): Promise<string[] | undefined> {
  const { kind } = resource.manifest;
  switch (kind) {
    case 'Connection':
      return unlessAbsent(() => connectionChanges(server, resource));
    case 'ToolchainIntegration':
      return unlessAbsent(() => toolchainChanges(server, resource));
    case 'ModelTraining':
      return trainingChanges(cli, server, resource);
    default:
      return kind satisfies never;
  }
}

/** The server compares: only it knows the secrets. Who may not change connections is told about the other fields. */
async function connectionChanges(server: Connection, { manifest }: Resource): Promise<string[]> {
  const { id, spec } = manifest;
  const { spec: before } = await server.call('getConnection', { params: { id } });
  const fields = (await changedFields(server, manifest)) ?? differences(openFields(before), { ...inherited(before), ...openFields(spec) }).map(({ field }) => field);
  return fields.map((field) => (isSecret(field) ? `${field}: changed (not shown)` : differenceText({ field, before: before[field], after: spec[field] })));
}

/** Undefined for somebody who may not ask. */
async function changedFields(server: Connection, manifest: Resource['manifest']): Promise<readonly string[] | undefined> {
  try {
    return (await server.call('compareConnection', { params: { id: manifest.id }, body: manifest as unknown as ConnectionInput })).changes;
  } catch (error) {
    if (isServerAnswer(error) && error.code === 'FORBIDDEN') return undefined;
    throw error;
  }
}

function isSecret(field: string): boolean {
  return SECRET_FIELDS.some((secret) => secret === field);
}

function openFields(spec: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(spec).filter(([field, value]) => !isSecret(field) && value !== ''));
}

/** What a manifest that does not say it leaves as it is. */
function inherited({ publicKey }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { vital: false, ...(publicKey === undefined ? {} : { publicKey }) };
}

async function toolchainChanges(server: Connection, { manifest }: Resource): Promise<string[]> {
  const { spec } = await server.call('getToolchain', { params: { id: manifest.id } });
  return differences(spec, ToolchainIntegrationSpecBody.parse(manifest.spec)).map(differenceText);
}

async function trainingChanges(cli: Cli, server: Connection, resource: Resource): Promise<string[] | undefined> {
  const { manifest, where } = resource;
  const after = asStored(TrainingSpecBody.parse(manifest.spec));
  const training = await unlessAbsent(() => server.call('getTraining', { params: { id: manifest.id } }));
  if (namesSource(manifest)) return training === undefined ? undefined : differences(training.spec, after).map(differenceText);
  const listing = await listSource(resource, where);
  if (training === undefined) return undefined;
  const { pack } = await import('../../source/pack.ts');
  await using snapshot = await pack(listing, cli.io.interrupted);
  const found = differences(training.spec, { ...after, algorithmSource: { snapshot: { digest: snapshot.digest } } });
  return found.map((one) => (one.field === 'algorithmSource.snapshot.digest' ? `source: the files changed (${String(one.before).slice(0, 12)} → ${snapshot.digest.slice(0, 12)})` : differenceText(one)));
}

/** The spec as the server answers it. */
function asStored(body: Parameters<typeof toTrainingSpec>[0]): Record<string, unknown> {
  return JSON.parse(JSON.stringify(toSpecBody(toTrainingSpec(body)))) as Record<string, unknown>;
}

async function unlessAbsent<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isServerAnswer(error) && error.status === 404) return undefined;
    throw error;
  }
}
