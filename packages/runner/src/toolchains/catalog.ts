import { didYouMean } from '@trainyard/core/nearest.ts';
import type { ToolchainIntegrationSpec } from '@trainyard/core/training/toolchain-integration.ts';
import { StepFailure } from '../step-failure.ts';
import type { Toolchain } from './toolchain.ts';

/** Every toolchain of the product, loaded when a training uses it. */
export const toolchains = {
  command: () => import('./command/toolchain.ts'),
  mlflow: () => import('./mlflow/toolchain.ts'),
  'mlflow-project': () => import('./mlflow/project-toolchain.ts'),
  notebook: () => import('./notebook/toolchain.ts'),
} as const satisfies Record<string, () => Promise<{ readonly toolchain: Toolchain }>>;

export type ToolchainName = keyof typeof toolchains;

/** ODAHU's own programs under any name (as `mlflow-gpu` with another image), and the toolchains that do here what they do. */
const ODAHUS_PROGRAMS: Readonly<Record<string, ToolchainName>> = {
  'odahu-flow-mlflow-runner': 'mlflow',
  'odahu-flow-mlflow-project-runner': 'mlflow-project',
};

/** With an integration it is the program that this names which trains. */
export async function loadToolchain(name: string, integration?: ToolchainIntegrationSpec): Promise<Toolchain> {
  const own = integration === undefined ? name : ODAHUS_PROGRAMS[integration.entrypoint.split('/').at(-1) ?? ''];
  if (own === undefined) return (await import('./program/toolchain.ts')).toolchain;
  if (!Object.hasOwn(toolchains, own)) {
    const known = Object.keys(toolchains);
    throw new StepFailure('bad_spec', `there is no toolchain '${name}' (known: ${known.join(', ')})${didYouMean(name, known)}`);
  }
  return (await toolchains[own as ToolchainName]()).toolchain;
}
