import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactFact } from '@trainyard/core/training/outcome.ts';
import { artifactName } from '@trainyard/core/training/artifact-name.ts';
import { type Attempt, Skipped } from '../attempt.ts';
import { isDiskFull } from '../disk-full.ts';
import { findModel } from '../model/find-model.ts';
import type { TrainedModel } from '../model/trained-model.ts';
import { zipModel } from '../model/zip-model.ts';
import { type Patience, persist, ServerAway } from '../server/persistent-call.ts';
import { StepFailure } from '../step-failure.ts';
import { TrackingRefused } from '../tracking/tracking-api.ts';
import type { Source } from './source.ts';
import type { Trained } from './train.ts';

/** Where the trained model binary lies among the run's artifacts. */
const ARTIFACT_DIR = 'trained-model';
const NAME_LIMIT_BYTES = 255;

/** Finds the model the training left and stores it as one file. */
export async function packageModel(attempt: Attempt, source: Source, trained: Trained): Promise<TrainedModel | Skipped> {
  const { order, signal, log, know } = attempt;
  const { mode } = order.spec.register;
  if (mode === 'never') return new Skipped('the training asks for no registration');
  const patience = { signal, patienceMs: order.limits.deliverForMs };
  try {
    const model = await findModel(attempt, trained.earlierModels, patience);
    if (model === undefined && mode === 'required') throw nothingThere();
    if (model === undefined) return new Skipped('the training left no model, and none is required');
    const artifact = await storeBinary(attempt, source, model, patience);
    log.say(`package: ${artifact.name} (${artifact.sizeBytes} bytes) of ${model.source}`);
    know({ artifact });
    return model;
  } catch (error) {
    if (error instanceof ServerAway) throw new StepFailure('registry_unavailable', `the model could not be packaged: ${error.message}`, { cause: error });
    if (error instanceof TrackingRefused) throw new StepFailure('output_invalid', `the server refused the model: ${error.message}`, { cause: error });
    throw error;
  }
}

function nothingThere(): StepFailure {
  return new StepFailure(
    'output_missing',
    'the training left no model. Looked for: a model logged in this run (mlflow.<flavor>.log_model), a directory with an MLmodel file among its artifacts, and files in the directory TRAINYARD_OUTPUT_DIR. Log one, or set register: false if there is none to register',
  );
}

async function storeBinary(attempt: Attempt, source: Source, model: TrainedModel, patience: Patience): Promise<ArtifactFact> {
  const { order, paths, tracking } = attempt;
  const { name, version, artifactNameTemplate } = order.spec.model;
  const fileName = artifactName(artifactNameTemplate, { Name: name, Version: version, RandomUUID: randomUUID(), CommitID: source.commit ?? '' });
  if (fileName === '' || /[/\\\0]/.test(fileName) || fileName === '.' || fileName === '..' || Buffer.byteLength(fileName) > NAME_LIMIT_BYTES) {
    throw new StepFailure('bad_spec', `model.artifactNameTemplate gives '${fileName}', which is not one file name of 1 to ${NAME_LIMIT_BYTES} bytes`);
  }
  const description = {
    model: { name, version },
    training: order.training,
    run: order.run,
    runNumber: order.runNumber,
    attempt: order.attempt,
    source: model.source,
    commit: source.commit,
    parameters: order.spec.hyperParameters,
    created: new Date().toISOString(),
  };
  // the name comes from a template, the file in the scratch directory does not
  const zipPath = join(paths.scratch, 'trained-model.zip');
  const isFinal = (error: unknown): boolean => isDiskFull(error) || error instanceof TrackingRefused;
  const zipped = await persist(patience, () => zipModel(model.files, description, zipPath, patience.signal), isFinal);
  const path = `${ARTIFACT_DIR}/${fileName}`;
  await tracking.putRunArtifact(path, { sizeBytes: zipped.sizeBytes, open: () => createReadStream(zipPath) }, patience);
  await rm(zipPath);
  return { name: fileName, path, ...zipped };
}
