import { TrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyRequest } from 'fastify';
import { actorOf } from '../../http/identity.ts';
import { idOf, readBody } from './route.ts';
import type { TrainingParts } from './training-parts.ts';
import { resultOf, type TrainingResult } from './wire/status.ts';
import { TrainingResultBody } from './wire/training-body.ts';

/** What a program that trains says of its result: put down with the run that is under way. Throws STALE_ATTEMPT when none is. */
export async function putResult({ trainings, runs, now }: Pick<TrainingParts, 'trainings' | 'runs' | 'now'>, request: FastifyRequest): Promise<TrainingResult> {
  const { identity } = request;
  const id = idOf(request);
  const actor = actorOf(identity);
  const { latestRun } = await trainings.get(id, actor);
  if (identity.kind === 'run' && identity.runId !== latestRun?.id) throw new TrainyardError('FORBIDDEN', { action: 'speak for another run' });
  if (latestRun === undefined) throw new TrainyardError('INVALID_FIELDS', { problem: `model Training ${id} has not started yet` });
  const { runId, artifactName, commitID } = readBody(TrainingResultBody, request);
  const declared = { ...latestRun.facts.declared, ...(runId === undefined ? {} : { runId }), ...(artifactName === undefined ? {} : { artifactName }) };
  const facts = { declared, ...(commitID === undefined ? {} : { commit: commitID }) };
  await runs.report({ runId: latestRun.id, attempt: latestRun.attempt, besideRunner: true, reports: [{ kind: 'facts', seq: 0, at: now(), facts }] });
  return resultOf(await runs.get(latestRun.id, actor));
}
