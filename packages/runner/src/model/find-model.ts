import { didYouMean } from '@trainyard/core/nearest.ts';
import type { Attempt } from '../attempt.ts';
import type { Patience } from '../server/persistent-call.ts';
import { StepFailure } from '../step-failure.ts';
import type { LoggedModel, TrackingApi } from '../tracking/tracking-api.ts';
import { asModelFile, outputFiles } from './output-files.ts';
import type { ModelFile, TrainedModel } from './trained-model.ts';

/** Where files of TRAINYARD_OUTPUT_DIR go among the run's artifacts. */
const OUTPUT_PATH = 'model';
const MODEL_FILE = 'MLmodel';
/** A model lies at the top or a directory or two below; artifacts of a run can be very many. */
const SEARCH_DEPTH = 3;
const SEARCH_LISTS = 200;

/**
 * The model a run left: a logged model, else a directory of the run's artifacts that is one, else what lies in the output
 * directory, which is uploaded. Undefined when there is nothing. Throws StepFailure when it is not clear which one is meant.
 */
export async function findModel(attempt: Attempt, earlierModels: ReadonlySet<string>, patience: Patience): Promise<TrainedModel | undefined> {
  const { tracking, order } = attempt;
  const wanted = order.spec.register.artifact;
  const logged = (await tracking.loggedModels(patience)).filter(({ model_id }) => !earlierModels.has(model_id));
  const model = chooseLogged(logged.filter(isComplete), wanted, attempt);
  if (model !== undefined) return loggedModel(model, tracking, patience);
  const paths = await modelDirectories(tracking, patience);
  const path = chooseDirectory(paths, wanted);
  if (path !== undefined) return artifactModel(path, attempt, patience);
  const files = await outputFiles(attempt.paths.output, attempt.log);
  if (files.length > 0 && (wanted === undefined || wanted === OUTPUT_PATH)) return uploadedModel(files, attempt, patience);
  if (wanted !== undefined && logged.length + paths.length > 0) throw notThere(wanted, [...logged.map(nameOf), ...paths]);
  const broken = logged.filter((one) => !isComplete(one));
  if (broken.length > 0) throw new StepFailure('output_invalid', `the model ${broken.map(nameOf).join(', ')} was begun and never finished (${broken.map(({ status }) => status).join(', ')}); look for an error of log_model in the log`);
  return undefined;
}

function chooseLogged(models: readonly LoggedModel[], wanted: string | undefined, { log }: Attempt): LoggedModel | undefined {
  if (wanted === undefined) {
    if (models.length > 1) throw tooMany(models.map(nameOf));
    return models[0];
  }
  const fitting = models.filter((model) => model.model_id === wanted || model.name === wanted).toSorted((a, b) => (b.creation_timestamp_ms ?? 0) - (a.creation_timestamp_ms ?? 0));
  const [newest] = fitting;
  if (newest !== undefined && fitting.length > 1) log.say(`package: ${fitting.length} models are named '${wanted}'; the newest is taken (${newest.model_id})`);
  return newest;
}

function chooseDirectory(paths: readonly string[], wanted: string | undefined): string | undefined {
  if (wanted !== undefined) return paths.find((path) => path === wanted.replace(/\/+$/, ''));
  if (paths.length > 1) throw tooMany(paths);
  return paths[0];
}

function tooMany(names: readonly string[]): StepFailure {
  return new StepFailure('output_invalid', `Expected to find exactly 1 model, found ${names.length}: ${names.join(', ')}; say which one is meant with register.artifact, or log only one`);
}

function notThere(wanted: string, names: readonly string[]): StepFailure {
  return new StepFailure('output_missing', `register.artifact asks for the model '${wanted}', and the training left ${names.join(', ')}${didYouMean(wanted, names)}`);
}

function isComplete({ status }: LoggedModel): boolean {
  return !/PENDING|FAILED/.test(status ?? '');
}

function nameOf({ name, model_id }: LoggedModel): string {
  return name ?? model_id;
}

async function loggedModel(model: LoggedModel, tracking: TrackingApi, patience: Patience): Promise<TrainedModel> {
  const uri = model.artifact_uri ?? '';
  const root = /^mlflow-artifacts:\/(?:\/[^/]*\/)?\/?(.+?)\/*$/.exec(uri)?.[1];
  if (root === undefined) throw new StepFailure('output_invalid', `the model '${nameOf(model)}' lies at '${uri}', outside of this server's artifacts; log it without an artifact location of its own`);
  return { source: `models:/${model.model_id}`, modelId: model.model_id, files: await storedFiles(root, tracking, patience) };
}

async function artifactModel(path: string, { tracking, order }: Attempt, patience: Patience): Promise<TrainedModel> {
  const root = path === '' ? tracking.runRoot : `${tracking.runRoot}/${path}`;
  return { source: `runs:/${order.run}/${path}`, modelId: undefined, files: await storedFiles(root, tracking, patience) };
}

async function storedFiles(root: string, tracking: TrackingApi, patience: Patience): Promise<ModelFile[]> {
  const files = await tracking.storedFiles(root, patience);
  if (files.length === 0) throw new StepFailure('output_invalid', `the model at ${root} has no files; was its upload interrupted?`);
  return files.map(({ path, file_size = 0 }) => ({ path, sizeBytes: file_size, open: (signal) => tracking.openStored(`${root}/${path}`, signal) }));
}

async function uploadedModel(files: Awaited<ReturnType<typeof outputFiles>>, { tracking, order }: Attempt, patience: Patience): Promise<TrainedModel> {
  for (const { path, sizeBytes, read } of files) await tracking.putRunArtifact(`${OUTPUT_PATH}/${path}`, { sizeBytes, open: read }, patience);
  return { source: `runs:/${order.run}/${OUTPUT_PATH}`, modelId: undefined, files: files.map(asModelFile) };
}

/** Directories among the run's artifacts that hold an MLmodel file. */
async function modelDirectories(tracking: TrackingApi, patience: Patience): Promise<string[]> {
  const found: string[] = [];
  let level = [''];
  for (let depth = 0, lists = 0; depth <= SEARCH_DEPTH && level.length > 0; depth++) {
    const deeper: string[] = [];
    for (const dir of level) {
      if (++lists > SEARCH_LISTS) return found;
      const files = await tracking.runArtifacts(dir, patience);
      const isModel = files.some(({ path, is_dir }) => !is_dir && path.split('/').at(-1) === MODEL_FILE);
      if (isModel) found.push(dir);
      else deeper.push(...files.filter(({ is_dir }) => is_dir).map(({ path }) => path));
    }
    level = deeper;
  }
  return found;
}
