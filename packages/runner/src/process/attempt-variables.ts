import type { RunnerOrder } from '@trainyard/core/training/runner-order.ts';

/** What users set for the programs of an attempt: the toolchain's own variables, then those of the training, then secrets. */
export function userVariables({ toolchain, spec, secrets }: RunnerOrder): Record<string, string> {
  return { ...toolchain?.additionalEnvironments, ...Object.fromEntries(spec.envs.map(({ name, value }) => [name, value])), ...secrets };
}

/** Where MLflow in a program finds the server; nobody may set another, because what is logged would be lost to the run. */
export function trackingVariables({ server, token }: RunnerOrder): Record<string, string> {
  return { MLFLOW_TRACKING_URI: server, MLFLOW_TRACKING_TOKEN: token };
}
