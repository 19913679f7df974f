import type { ToolchainIntegrationSpec } from './toolchain-integration.ts';

/** ODAHU's own programs, and the toolchains that do here what they did there. */
const ODAHUS_PROGRAMS: Readonly<Record<string, string>> = {
  'odahu-flow-mlflow-runner': 'mlflow',
  'odahu-flow-mlflow-project-runner': 'mlflow-project',
};

/** The built-in toolchain that trains for an integration; undefined when its own program does. */
export function builtInFor({ entrypoint }: Pick<ToolchainIntegrationSpec, 'entrypoint'>): string | undefined {
  const program = entrypoint.split('/').at(-1) ?? '';
  return Object.hasOwn(ODAHUS_PROGRAMS, program) ? ODAHUS_PROGRAMS[program] : undefined;
}
