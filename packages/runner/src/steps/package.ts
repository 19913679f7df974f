import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@trainyard/core/errors.ts';
import { artifactName } from '@trainyard/core/training/artifact-name.ts';
import type { ArtifactFact } from '@trainyard/core/training/outcome.ts';
import { type Attempt, Skipped } from '../attempt.ts';
import { isDiskFull } from '../disk-full.ts';
import { type BinaryContents, contentsOf } from '../model/gppi/binary-contents.ts';
import { ownContents } from '../model/gppi/own-binary.ts';
import { selfCheck } from '../model/gppi/self-check.ts';
import { findModel } from '../model/find-model.ts';
import { packFiles } from '../model/pack-files.ts';
import { putOutput } from '../model/put-output.ts';
import type { TrainedModel } from '../model/trained-model.ts';
import { type Patience, persist, ServerAway } from '../server/persistent-call.ts';
import { StepFailure } from '../step-failure.ts';
import { TrackingRefused } from '../tracking/tracking-api.ts';
import type { Source } from './source.ts';
import type { Trained } from './train.ts';

/** Where the trained model binary lies among the run's artifacts. */
const ARTIFACT_DIR = 'trained-model';
const NAME_LIMIT_BYTES = 255;

/**
 * Finds the model the training left, stores it as one file, and puts that to the output connection, after a check that it can be
 * loaded. Answers the model to register; undefined when there is a binary and nothing to register.
 */
export async function packageModel(attempt: Attempt, source: Source, trained: Trained): Promise<TrainedModel | Skipped | undefined> {
  const { order, signal } = attempt;
  const { register, outputConnection } = order.spec;
  const isWanted = register.mode !== 'never';
  if (!isWanted && outputConnection === undefined && trained.binary === undefined) return new Skipped('the training asks for no registration');
  const patience = { signal, patienceMs: order.limits.deliverForMs };
  try {
    const model = await modelOf(attempt, trained, patience);
    if (model === undefined && register.mode === 'required') throw nothingThere();
    const contents = await contentsFor(attempt, { source, trained, model }, patience);
    if (contents === undefined) return new Skipped('the training left no model, and none is required');
    await deliver(attempt, source, contents, patience);
    return isWanted ? model : undefined;
  } catch (error) {
    if (error instanceof ServerAway) throw new StepFailure('registry_unavailable', `the model could not be packaged: ${error.message}`, { cause: error });
    if (error instanceof TrackingRefused) throw new StepFailure('output_invalid', `the server refused the model: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Where a program makes the binary itself, a model is only looked for to be registered, and an unclear one fails nothing. */
async function modelOf(attempt: Attempt, { binary, earlierModels }: Trained, patience: Patience): Promise<TrainedModel | undefined> {
  const { mode } = attempt.order.spec.register;
  if (binary !== undefined && mode === 'never') return undefined;
  try {
    return await findModel(attempt, earlierModels, patience);
  } catch (error) {
    if (binary === undefined || mode === 'required' || !(error instanceof StepFailure)) throw error;
    attempt.log.warn(`no model is registered: ${messageOf(error)}`);
    return undefined;
  }
}

function nothingThere(): StepFailure {
  return new StepFailure(
    'output_missing',
    'the training left no model. Looked for: a model logged in this run (mlflow.<flavor>.log_model), a directory with an MLmodel file among its artifacts, and files in the directory TRAINYARD_OUTPUT_DIR. Log one, or set register: false if there is none to register',
  );
}

interface Left {
  readonly source: Source;
  readonly trained: Trained;
  readonly model: TrainedModel | undefined;
}

async function contentsFor({ order, log, signal }: Attempt, { source, trained, model }: Left, patience: Patience): Promise<BinaryContents | undefined> {
  const { spec, training, run, runNumber, attempt } = order;
  if (trained.binary !== undefined) return ownContents(trained.binary, { toolchain: spec.toolchain, model: spec.model, run, log, signal });
  if (model === undefined) return undefined;
  const { name, version } = spec.model;
  const origin = { model: { name, version }, training, run, runNumber, attempt, source: model.source, commit: source.commit, parameters: spec.hyperParameters };
  return persist(patience, () => contentsOf(model, { model: spec.model, run, origin }, signal), isFinal);
}

async function deliver(attempt: Attempt, source: Source, contents: BinaryContents, patience: Patience): Promise<void> {
  const { order, paths, tracking, log, know } = attempt;
  const { outputConnection } = order.spec;
  const name = fileName(attempt, source);
  // the name comes from a template, the file in the scratch directory does not
  const file = join(paths.scratch, 'trained-model.tar.gz');
  const packed = await persist(patience, () => packFiles(contents.files, file, patience.signal), isFinal);
  // what leaves the house is checked first, as ODAHU does; here a registered model can be tried at any time
  if (outputConnection !== undefined && contents.python !== undefined) await selfCheck(attempt, file, contents.python);
  const path = `${ARTIFACT_DIR}/${name}`;
  await tracking.putRunArtifact(path, { sizeBytes: packed.sizeBytes, open: () => createReadStream(file) }, patience);
  const artifact: ArtifactFact = { name, path, ...packed };
  log.say(`package: ${name} (${packed.sizeBytes} bytes, ${contents.files.length} files)`);
  know({ artifact, ...(contents.runId === undefined ? {} : { declared: { runId: contents.runId } }) });
  if (outputConnection !== undefined) {
    const output = await putOutput(attempt, outputConnection, { name, file, sizeBytes: packed.sizeBytes }, patience);
    log.say(`package: put to ${output}`);
    know({ artifact: { ...artifact, output } });
  }
  await rm(file);
}

function fileName({ order }: Attempt, source: Source): string {
  const { name, version, artifactNameTemplate } = order.spec.model;
  const given = artifactName(artifactNameTemplate, { Name: name, Version: version, RandomUUID: randomUUID(), CommitID: source.commit ?? '' });
  if (given === '' || /[/\\\0]/.test(given) || given === '.' || given === '..' || Buffer.byteLength(given) > NAME_LIMIT_BYTES) {
    throw new StepFailure('bad_spec', `model.artifactNameTemplate gives '${given}', which is not one file name of 1 to ${NAME_LIMIT_BYTES} bytes`);
  }
  return given;
}

/** What the same work again would not change. */
function isFinal(error: unknown): boolean {
  return isDiskFull(error) || error instanceof TrackingRefused || error instanceof StepFailure;
}
