import { type ErrorCode, isTrainyardError } from '@trainyard/core/errors.ts';
import type { TrainingSpec } from '@trainyard/core/training/spec.ts';
import type { FastifyRequest } from 'fastify';
import { actorOf } from '../../http/identity.ts';
import { PAGING, readListQuery } from './list-query.ts';
import { type Call, idOf, type OdahuRoute, readBody } from './route.ts';
import { sendList } from './send-list.ts';
import { LOG_QUERY, sendLog } from './training-log.ts';
import type { TrainingParts } from './training-parts.ts';
import { putResult } from './training-result.ts';
import { readTraining } from './wire/read-training.ts';
import { TrainingBody, TrainingResultBody } from './wire/training-body.ts';
import { startedView, trainingView } from './wire/training-view.ts';

const PATH = '/api/v1/model/training';
const GROUP = { group: 'training', tag: 'Training' } as const;
const ACTIVE = ['queued', 'preparing', 'running'] as const;
/** Far more runs than one training has under way. */
const MAX_ACTIVE = 500;

export function trainingRoutes(parts: TrainingParts): OdahuRoute[] {
  const filters = { model_name: { type: 'string', text: 'Name of the model', many: true }, model_version: { type: 'string', text: 'Version of the model', many: true }, toolchain: { type: 'string', text: 'Toolchain', many: true } } as const;
  return [
    { ...GROUP, method: 'GET', path: PATH, summary: 'List trainings by id', access: 'read', query: { ...PAGING, ...filters }, status: 200, gives: 'ModelTraining[]', handle: (call) => list(parts, call) },
    { ...GROUP, method: 'GET', path: `${PATH}/:id`, summary: 'Get a training with the state of its latest run', access: 'read', status: 200, gives: 'ModelTraining', handle: async ({ request }) => trainingView(await parts.trainings.get(idOf(request), actorOf(request.identity))) },
    { ...GROUP, method: 'POST', path: PATH, summary: 'Create a training and start its first run', access: 'write', audit: 'training.create', body: TrainingBody, status: 201, gives: 'ModelTraining', handle: ({ request }) => create(parts, request) },
    { ...GROUP, method: 'PUT', path: PATH, summary: 'Replace a training and start a new run of it, also when nothing changed; a run that has not ended is stopped', access: 'write', audit: 'training.edit', body: TrainingBody, status: 200, gives: 'ModelTraining', handle: ({ request }) => edit(parts, request) },
    { ...GROUP, method: 'DELETE', path: `${PATH}/:id`, summary: 'Delete a training and stop its runs; logs and models stay', access: 'write', audit: 'training.delete', status: 200, gives: 'Message', handle: ({ request }) => remove(parts, request) },
    { ...GROUP, method: 'GET', path: `${PATH}/:id/log`, summary: 'The log of the latest run, as text', access: 'read', query: LOG_QUERY, status: 200, gives: 'Log', handle: (call) => sendLog(parts, call) },
    { ...GROUP, method: 'PUT', path: `${PATH}/:id/result`, summary: 'Says what a run made, while it is under way: for programs that train', access: 'write_or_run', body: TrainingResultBody, status: 200, gives: 'TrainingResult', handle: ({ request }) => putResult(parts, request) },
  ];
}

function list({ trainings }: TrainingParts, { request, reply }: Call): Promise<object> {
  const { filters, ...stretch } = readListQuery(request.query, ['model_name', 'model_version', 'toolchain']);
  const wanted = { modelNames: filters.model_name, modelVersions: filters.model_version, toolchains: filters.toolchain };
  return sendList(reply, stretch, { read: (part) => trainings.listById({ ...part, ...wanted }, actorOf(request.identity)), view: trainingView });
}

async function create(parts: TrainingParts, request: FastifyRequest): Promise<object> {
  return startedView(await parts.trainings.put('create', await read(parts, request, 'create'), { run: true, ...actorOf(request.identity) }));
}

async function edit(parts: TrainingParts, request: FastifyRequest): Promise<object> {
  const { trainings, runs } = parts;
  const actor = actorOf(request.identity);
  const training = await trainings.put('edit', await read(parts, request, 'edit'), { run: true, ...actor });
  // its newest run is the one that was just asked for
  for (const run of await runs.list({ training: training.id, states: ACTIVE, limit: MAX_ACTIVE }, actor)) {
    if (run.number < (training.latestRun?.number ?? 0)) await unlessIs('RUN_ENDED', runs.stop(run.id, actor));
  }
  return startedView(training);
}

async function remove({ trainings }: TrainingParts, request: FastifyRequest): Promise<object> {
  const id = idOf(request);
  await trainings.delete(id, true, actorOf(request.identity));
  return { message: `Model training ${id} was deleted` };
}

async function read({ trainings, toolchains, defaults }: TrainingParts, request: FastifyRequest, kind: 'create' | 'edit'): Promise<{ id: string; spec: TrainingSpec }> {
  const body = readBody(TrainingBody, request);
  const integration = await toolchains.find(body.spec.toolchain ?? '');
  // that there is none is said by the edit itself, when it is known what is wrong with the body
  const before = kind === 'create' ? undefined : await unlessIs('TRAINING_NOT_FOUND', trainings.get(body.id ?? '', actorOf(request.identity)));
  return readTraining(body, { defaults: { ...defaults, image: integration?.spec.defaultImage }, before: before?.spec, sent: request.body });
}

/** Undefined where this error was met. */
async function unlessIs<T>(code: ErrorCode, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isTrainyardError(error) && error.code === code) return undefined;
    throw error;
  }
}
