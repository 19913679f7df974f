import type { ModelName } from '@trainyard/core/training/spec.ts';
import { parseDocument, stringify } from 'yaml';
import { StepFailure } from '../../step-failure.ts';

/** What ODAHU's SDK reads. */
export const PROJECT_FILE = 'odahuflow.project.yaml';
/** The same under the name that ODAHU's format and its packager for Triton have for it. */
export const MODEL_FILE = 'odahuflow.model.yaml';

const RUN_LIMIT = 256;

export interface ProjectDescription {
  readonly model: ModelName;
  readonly run: string;
}

export interface PythonModelDescription extends ProjectDescription {
  /** Paths from the root of the binary. */
  readonly condaPath: string;
  readonly workDir: string;
  /** Name of the Python module in workDir. */
  readonly entrypoint: string;
  readonly mlflow: string;
}

/** The project file of a model that ODAHU's General Python Prediction Interface loads: with every key, as newer SDKs ask for all. */
export function pythonProjectFile({ model, run, condaPath, workDir, entrypoint, mlflow }: PythonModelDescription): string {
  return yamlOf({
    binaries: { conda_path: condaPath, dependencies: 'conda', type: 'python' },
    model: { entrypoint, name: model.name, version: model.version, workDir },
    odahuflowVersion: '1.0',
    output: { run_id: run },
    toolchain: { name: 'mlflow', version: mlflow },
  });
}

/** The project file of anything else. */
export function plainProjectFile({ model, run }: ProjectDescription): string {
  return yamlOf({ name: model.name, output: { run_id: run }, version: model.version });
}

/** The run a project file names, as text. Throws StepFailure 'output_invalid' when it is no YAML, or a run is no text or number. */
export function runOf(text: string): string | undefined {
  const document = parseDocument(text, { schema: 'failsafe', version: '1.1' });
  const problem = document.errors[0];
  if (problem !== undefined) throw new StepFailure('output_invalid', `${PROJECT_FILE} is not valid YAML: ${problem.message.trim()}`);
  const run = document.hasIn(['output', 'run_id']) ? document.getIn(['output', 'run_id']) : undefined;
  if (run === undefined || run === null || run === '') return undefined;
  if (typeof run !== 'string' || run.length > RUN_LIMIT) throw new StepFailure('output_invalid', `output.run_id in ${PROJECT_FILE} must be text of at most ${RUN_LIMIT} characters`);
  return run;
}

/** Versions and ids of digits only stay text: the SDK refuses numbers there. */
function yamlOf(fields: object): string {
  return stringify(fields, { version: '1.1', lineWidth: 0 });
}
