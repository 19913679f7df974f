import { didYouMean } from '@trainyard/core/nearest.ts';
import { StepFailure } from '../step-failure.ts';
import type { Toolchain } from './toolchain.ts';

/** Every toolchain of the product, loaded when a training uses it. */
export const toolchains = {
  command: () => import('./command/toolchain.ts'),
  mlflow: () => import('./mlflow/toolchain.ts'),
  notebook: () => import('./notebook/toolchain.ts'),
} as const satisfies Record<string, () => Promise<{ readonly toolchain: Toolchain }>>;

export type ToolchainName = keyof typeof toolchains;

export async function loadToolchain(name: string): Promise<Toolchain> {
  if (!Object.hasOwn(toolchains, name)) {
    const known = Object.keys(toolchains);
    throw new StepFailure('bad_spec', `there is no toolchain '${name}' (known: ${known.join(', ')})${didYouMean(name, known)}`);
  }
  return (await toolchains[name as ToolchainName]()).toolchain;
}
