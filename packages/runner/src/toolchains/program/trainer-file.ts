import { type ConnectionSpec, SECRET_FIELDS } from '@trainyard/core/connection/connection-spec.ts';
import type { TrainingSpec } from '@trainyard/core/training/spec.ts';
import type { ToolchainIntegrationSpec } from '@trainyard/core/training/toolchain-integration.ts';
import type { PlanContext } from '../toolchain.ts';

/**
 * What ODAHU's programs read from the file `--mt` (its K8sTrainer), with one difference: connections come without their secrets.
 * Source and data are in the workspace already and the result is put for the program, so that it needs none; ODAHU's file holds
 * them in clear, where every package of the training can read them.
 */
export function trainerFile(integration: ToolchainIntegrationSpec, { training, spec, connections }: PlanContext): object {
  const { vcs, objectStorage } = spec.algorithmSource;
  const resource = (id: string | undefined): object | null => {
    const connection = id === undefined ? undefined : connections[id];
    return id === undefined || connection === undefined ? null : { id, spec: withoutSecrets(connection), status: {} };
  };
  return {
    algorithmSourceConnection: resource(vcs?.connection ?? objectStorage?.connection),
    inputData: spec.data.map(({ connection, localPath, remotePath }) => ({ localPath, remotePath: remotePath ?? '', dataBinding: withoutSecrets(connections[connection]) })),
    modelTraining: { id: training, spec: odahuSpec(spec), status: {} },
    outputConn: resource(spec.outputConnection),
    toolchainIntegration: { id: spec.toolchain, spec: integration, status: {} },
  };
}

/** The fields of ODAHU's ModelTraining, in its words. */
function odahuSpec(spec: TrainingSpec): object {
  const { model, toolchain, entrypoint, args, workDir, hyperParameters, envs, image, algorithmSource, data, outputConnection, resources, nodeSelector } = spec;
  const { vcs, objectStorage } = algorithmSource;
  return {
    model,
    toolchain,
    entrypoint: entrypoint ?? '',
    args,
    workDir,
    hyperParameters,
    envs,
    image,
    algorithmSource: { vcs: vcs ?? {}, objectStorage: objectStorage ?? {} },
    data,
    outputConnection,
    resources,
    nodeSelector,
  };
}

function withoutSecrets(connection: ConnectionSpec | undefined): object {
  if (connection === undefined) return {};
  const hidden: readonly string[] = SECRET_FIELDS;
  const shown = Object.fromEntries(Object.entries(connection).filter(([field]) => !hidden.includes(field)));
  return { ...shown, uri: connection.uri.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/:@]*):[^/@]*@/i, '$1@') };
}
