import { type ModelFile, textFile, type TrainedModel } from '../trained-model.ts';
import { condaFileOf } from './conda-file.ts';
import { ENTRYPOINT } from './entrypoint-program.ts';
import { type PythonFunction, readMlmodel } from './mlmodel-file.ts';
import { MODEL_FILE, plainProjectFile, type ProjectDescription, PROJECT_FILE, pythonProjectFile } from './project-file.ts';
import { readText } from './read-text.ts';

/** What the trained model binary holds. */
export interface BinaryContents {
  readonly files: readonly ModelFile[];
  /** How its model is loaded, when ODAHU's General Python Prediction Interface can. */
  readonly python?: PythonModel | undefined;
  /** The run it names when that is another than the attempt's own. */
  readonly runId?: string | undefined;
}

/** Paths from the root of the binary. */
export interface PythonModel {
  readonly workDir: string;
  readonly condaPath: string;
  /** Name of the Python module in workDir. */
  readonly entrypoint: string;
}

export interface BinaryDescription extends ProjectDescription {
  /** Kept as JSON beside the model: what it was trained from. */
  readonly origin: object;
}

const DESCRIPTION_NAME = 'trainyard.json';
/** As ODAHU has it. */
const PYTHON_MODEL_DIR = 'odahuflow_model';
const OTHER_MODEL_DIR = 'model';

/** ODAHU's layout for a model that can be loaded as a Python function, and the files as they are for any other. */
export async function contentsOf(model: TrainedModel, description: BinaryDescription, signal: AbortSignal): Promise<BinaryContents> {
  const mlmodel = model.files.find(({ path }) => path === 'MLmodel');
  const loaded = mlmodel === undefined ? undefined : readMlmodel(await readText(mlmodel, signal));
  const origin = textFile(DESCRIPTION_NAME, `${JSON.stringify(description.origin, null, 2)}\n`);
  if (loaded === undefined) return { files: [...projectFiles(plainProjectFile(description)), origin, ...below(OTHER_MODEL_DIR, model.files)] };
  const { files, conda } = await withCondaFile(model.files, loaded, signal);
  const entrypoint = freeModule(files);
  const python = { workDir: PYTHON_MODEL_DIR, condaPath: `${PYTHON_MODEL_DIR}/${conda}`, entrypoint };
  const project = pythonProjectFile({ ...description, ...python, mlflow: loaded.mlflow ?? 'unknown' });
  return { files: [...projectFiles(project), origin, ...below(PYTHON_MODEL_DIR, [...files, textFile(`${entrypoint}.py`, ENTRYPOINT)])], python };
}

/** The same description under both of the names that ODAHU has for it. */
export function projectFiles(text: string): ModelFile[] {
  return [PROJECT_FILE, MODEL_FILE].map((name) => textFile(name, text));
}

async function withCondaFile(files: readonly ModelFile[], loaded: PythonFunction, signal: AbortSignal): Promise<{ readonly files: readonly ModelFile[]; readonly conda: string }> {
  const named = (name: string): ModelFile | undefined => files.find(({ path }) => path === name);
  const own = named(loaded.condaFile ?? '') ?? named('conda.yaml');
  if (own !== undefined) return { files, conda: own.path };
  const pythonEnv = named('python_env.yaml');
  const made = condaFileOf(loaded, { pythonEnv: pythonEnv === undefined ? undefined : await readText(pythonEnv, signal), hasRequirements: named('requirements.txt') !== undefined });
  return { files: [...files, textFile('conda.yaml', made)], conda: 'conda.yaml' };
}

/** The project file names the module, so that it gives way to a file of the model. */
function freeModule(files: readonly ModelFile[]): string {
  const taken = new Set(files.map(({ path }) => path.replace(/(\.py|\/.*)$/, '')));
  for (let number = 1; ; number++) {
    const name = number === 1 ? 'entrypoint' : `entrypoint_${number}`;
    if (!taken.has(name)) return name;
  }
}

function below(dir: string, files: readonly ModelFile[]): ModelFile[] {
  return files.map((file) => ({ ...file, path: `${dir}/${file.path}` }));
}
