import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type Actor, EVERYTHING, includes } from '@trainyard/core/access/reach.ts';
import { isTrainyardError, TrainyardError } from '@trainyard/core/errors.ts';
import { didYouMean } from '@trainyard/core/nearest.ts';
import type { TrainingSpec } from '@trainyard/core/training/spec.ts';
import { ACTIVE_STATES } from '@trainyard/core/training/states.ts';
import type { Hub } from '../../platform/hub.ts';
import type { RunRecord } from '../../stores/runs.ts';
import type { Runs } from '../runs.ts';
import type { Trainings } from '../trainings.ts';
import { ActiveRequests } from './active-requests.ts';
import { RunCache } from './run-cache.ts';
import { type SeenRun, seenRun } from './seen-run.ts';
import { isModelTypeTraining, type ModelTypeSettings, PROJECT, trainingIdOf, trainingSpecOf } from './training-of.ts';

export interface ModelTypesParts {
  readonly trainings: Trainings;
  readonly runs: Runs;
  readonly hub: Hub;
  readonly now: () => number;
  readonly settings: ModelTypeSettings;
  /** A request without a key joins a run that was asked for alike, with or without a key, and has not ended. Of what other servers do at the same time only the beginning is known. */
  readonly coalesce: boolean;
}

export interface TrainingRequest extends Actor {
  readonly modelType: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** The same key is the same request, for ever. */
  readonly idempotencyKey: string | undefined;
}

/** Trainings of model types are the server's own; whether somebody may start or see a run of one is asked first. */
const ITSELF: Actor = { user: '', reach: EVERYTHING };

/** Few: each may carry a megabyte of parameters. */
const ACTIVE_PAGE = 50;

/** Trainings that are asked for by the type of their model: one training per type, made when it is first asked for. */
export class ModelTypes {
  readonly #parts: ModelTypesParts;
  readonly #cache: RunCache;
  readonly #active: ActiveRequests;
  /** Trainings that are as the settings say, as far as this process knows. */
  readonly #ready = new Map<string, Promise<TrainingSpec>>();
  readonly #keys = new Map<string, Promise<number>>();

  constructor(parts: ModelTypesParts) {
    this.#parts = parts;
    this.#cache = new RunCache({ find: (number) => this.#read(number), hub: parts.hub, now: parts.now });
    this.#active = new ActiveRequests({ activeRuns: (id) => this.#activeRuns(id), find: async (number) => this.#cache.known(number) ?? this.#cache.find(number) });
  }

  /** The number of the run; it is on disk. Throws MODEL_TYPE_NOT_FOUND, IDEMPOTENCY_KEY_REUSED, INVALID_TRAINING; FORBIDDEN for who may not change the project of all of them. */
  start(request: TrainingRequest): Promise<number> {
    const { modelType, parameters, idempotencyKey, reach } = request;
    const { settings, coalesce } = this.#parts;
    // here and not only where the run is made: a request may join the run of another one
    if (!includes(reach.writes, PROJECT)) throw new TrainyardError('FORBIDDEN', { action: `train model types: they are in the project '${PROJECT}'` });
    if (!settings.notebooks.has(modelType)) {
      const known = [...settings.notebooks.keys()];
      throw new TrainyardError('MODEL_TYPE_NOT_FOUND', { modelType, known: known.join(', '), nearest: didYouMean(modelType, known) });
    }
    if (idempotencyKey !== undefined) return this.#startOnce(request, runIdOf(request.user, idempotencyKey));
    if (coalesce) return this.#active.join(trainingIdOf(modelType), parameters, () => this.#start(request));
    return this.#start(request);
  }

  /** A run that was started here, without a wait when it is known. */
  known(number: number, { reach }: Pick<Actor, 'reach'>): SeenRun | undefined {
    return includes(reach.sees, PROJECT) ? this.#cache.known(number) : undefined;
  }

  /** Throws RUN_NOT_FOUND, also for a run of any other training. */
  async get(number: number, { reach }: Pick<Actor, 'reach'>): Promise<SeenRun> {
    const run = includes(reach.sees, PROJECT) ? await this.#cache.find(number) : undefined;
    if (run === undefined) throw new TrainyardError('RUN_NOT_FOUND', { id: number });
    return run;
  }

  /** The id of the run comes from the key, so that a repeated request finds it whatever happened in between. */
  #startOnce(request: TrainingRequest, runId: string): Promise<number> {
    const before = this.#keys.get(runId);
    const started = (before === undefined ? this.#findOrStart(request, runId) : before.then(() => this.#findOrStart(request, runId))).finally(() => {
      if (this.#keys.get(runId) === started) this.#keys.delete(runId);
    });
    this.#keys.set(runId, started);
    return started;
  }

  async #findOrStart(request: TrainingRequest, runId: string): Promise<number> {
    const found = await this.#find(runId);
    if (found !== undefined) return sameRequest(found, request);
    try {
      const start = (): Promise<number> => this.#start(request, runId);
      return await (this.#parts.coalesce ? this.#active.startAlone(trainingIdOf(request.modelType), request.parameters, start) : start());
    } catch (error) {
      // another server may have had the same request at the same time
      const theirs = await this.#find(runId);
      if (theirs === undefined) throw error;
      return sameRequest(theirs, request);
    }
  }

  async #start({ modelType, parameters, user, reach }: TrainingRequest, runId?: string): Promise<number> {
    const id = trainingIdOf(modelType);
    const spec = { ...(await this.#prepare(modelType)), hyperParameters: parameters };
    const run = (): Promise<RunRecord> => this.#parts.trainings.start(id, spec, { user, reach, runId });
    try {
      return (await run()).number;
    } catch (error) {
      if (!isTrainyardError(error) || error.code !== 'TRAINING_NOT_FOUND') throw error;
      // somebody deleted it since
      this.#ready.delete(modelType);
      await this.#prepare(modelType);
      return (await run()).number;
    }
  }

  #prepare(modelType: string): Promise<TrainingSpec> {
    const ready = this.#ready.get(modelType) ?? this.#makeTraining(modelType);
    this.#ready.set(modelType, ready);
    ready.catch(() => this.#ready.delete(modelType));
    return ready;
  }

  /** There and as the settings say it; without a run. */
  async #makeTraining(modelType: string): Promise<TrainingSpec> {
    const { trainings, settings } = this.#parts;
    const id = trainingIdOf(modelType);
    const spec = trainingSpecOf(modelType, settings.notebooks.get(modelType) ?? '', settings);
    try {
      await trainings.put('create', { id, spec }, { run: false, ...ITSELF });
    } catch (error) {
      if (!isTrainyardError(error) || error.code !== 'TRAINING_EXISTS') throw error;
      const { spec: before } = await trainings.get(id, ITSELF);
      // as it is kept: without what is undefined
      if (!isDeepStrictEqual(before, JSON.parse(JSON.stringify(spec)))) await trainings.put('edit', { id, spec }, { run: false, ...ITSELF });
    }
    return spec;
  }

  async #read(number: number): Promise<SeenRun | undefined> {
    const run = await this.#find(String(number));
    // digits are also the beginning of an id
    return run !== undefined && run.number === number && isModelTypeTraining(run) ? seenRun(run) : undefined;
  }

  async #find(idOrNumber: string): Promise<RunRecord | undefined> {
    try {
      return await this.#parts.runs.get(idOrNumber, ITSELF);
    } catch (error) {
      if (isTrainyardError(error) && (error.code === 'RUN_NOT_FOUND' || error.code === 'RUN_AMBIGUOUS')) return undefined;
      throw error;
    }
  }

  async *#activeRuns(training: string): AsyncGenerator<RunRecord> {
    for (let before: number | undefined; ; ) {
      const page = await this.#parts.runs.list({ training, states: ACTIVE_STATES, before, limit: ACTIVE_PAGE }, ITSELF);
      yield* page;
      if (page.length < ACTIVE_PAGE) return;
      before = page.at(-1)?.number;
    }
  }
}

function runIdOf(user: string, idempotencyKey: string): string {
  return createHash('sha256').update(JSON.stringify(['model type', user, idempotencyKey])).digest('hex').slice(0, 32);
}

function sameRequest(run: RunRecord, { modelType, parameters }: TrainingRequest): number {
  if (run.trainingId === trainingIdOf(modelType) && isDeepStrictEqual({ ...run.spec.hyperParameters }, { ...parameters })) return run.number;
  throw new TrainyardError('IDEMPOTENCY_KEY_REUSED', { id: run.number });
}
