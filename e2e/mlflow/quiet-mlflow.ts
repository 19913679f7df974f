import { cleanEnvironment } from '../server-process.ts';

/** The environment of a program with mlflow in it: it sends nothing to anybody and prints no progress. */
export function quietMlflow(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const quiet = { MLFLOW_DISABLE_TELEMETRY: 'true', DO_NOT_TRACK: 'true', MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: 'false', NO_PROXY: '127.0.0.1', PYTHONDONTWRITEBYTECODE: '1' };
  return { ...cleanEnvironment(), ...quiet, ...more };
}
