import { readAs } from '@trainyard/api/problems.ts';
import { ConnectionBody } from '@trainyard/api/schemas/connection.ts';
import { ToolchainIntegrationBody } from '@trainyard/api/schemas/toolchain-integration.ts';
import { TrainingBody } from '@trainyard/api/schemas/training.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { didYouMean } from '@trainyard/core/nearest.ts';
import { idProblems } from '@trainyard/core/training/check-spec.ts';
import type { Connection } from '../connection/connection.ts';
import { misspeltType } from './connection-types.ts';
import type { Kind, Manifest } from './manifest.ts';

const BODIES = { Connection: ConnectionBody, ToolchainIntegration: ToolchainIntegrationBody, ModelTraining: TrainingBody } as const satisfies Record<Kind, unknown>;

/**
 * What the server would refuse for its shape alone is refused here, before anything is packed or sent.
 *
 * @throws TrainyardError INVALID_MANIFEST
 */
export function checkManifest(manifest: Manifest<Kind>, where: string): void {
  const read = readAs(BODIES[manifest.kind], manifest);
  const type = manifest.kind === 'Connection' ? misspeltType(String(manifest.spec['type'] ?? '')) : undefined;
  const problems = [...idProblems(manifest.id), ...('problems' in read ? read.problems : []), ...(type === undefined ? [] : [type])];
  if (problems.length > 0) throw new TrainyardError('INVALID_MANIFEST', { file: where, problem: problems.join('; ') }, { problems });
}

/**
 * The same for an engine that this server does not have.
 *
 * @throws TrainyardError UNSUPPORTED_ENGINE
 */
export async function checkEngine(server: Connection, { spec }: Pick<Manifest<Kind>, 'spec'>): Promise<void> {
  const { engine } = spec;
  if (typeof engine !== 'string') return;
  const { engines } = await server.call('status', {});
  const known = engines.map(({ name }) => name);
  if (!known.includes(engine)) throw new TrainyardError('UNSUPPORTED_ENGINE', { engine, known: known.join(', '), nearest: didYouMean(engine, known) });
}
