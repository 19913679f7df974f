import { Readable } from 'node:stream';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyReply } from 'fastify';
import { actorOf } from '../../http/identity.ts';
import { listenerGone } from '../../http/listener-gone.ts';
import type { Trainings } from '../../usecases/trainings.ts';
import { beating } from './heartbeat.ts';
import { type LogSource, logText } from './log-text.ts';
import { type Call, idOf, type QueryField } from './route.ts';

export const LOG_QUERY = {
  follow: { type: 'boolean', text: 'Stay until the run has ended' },
  heartbeat: { type: 'boolean', text: 'false: no invisible bytes while there is nothing to send. Not in ODAHU' },
} as const satisfies Record<string, QueryField>;

interface LogParts extends LogSource {
  readonly trainings: Pick<Trainings, 'get'>;
}

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** The log of the latest run as a stream of text: whole characters only, in chunks, never silent for long. */
export async function sendLog({ trainings, runs }: LogParts, { request, reply }: Call): Promise<FastifyReply> {
  const id = idOf(request);
  const { follow, heartbeat } = readQuery(request.query as Readonly<Record<string, unknown>>);
  const { latestRun } = await trainings.get(id, actorOf(request.identity));
  if (latestRun === undefined) throw new TrainyardError('INVALID_FIELDS', { problem: `model Training ${id} has not started yet` });
  const gone = listenerGone(reply);
  const text = logText({ runs }, latestRun, { follow, signal: gone });
  reply.type('text/plain; charset=utf-8').header('x-accel-buffering', 'no').header('content-security-policy', 'sandbox');
  return reply.send(Readable.from(flushed(reply, follow && heartbeat ? beating(text, gone) : text), { objectMode: false }));
}

/** The head goes out before the first byte of the log: a client that waits for a run that is queued is connected, not hanging. */
async function* flushed(reply: FastifyReply, pieces: AsyncIterable<string>): AsyncIterable<string> {
  reply.raw.flushHeaders();
  yield* pieces;
}

function readQuery(query: Readonly<Record<string, unknown>>): { follow: boolean; heartbeat: boolean } {
  const unknown = Object.keys(query).find((name) => !(name in LOG_QUERY));
  if (unknown !== undefined) throw new TrainyardError('INVALID_FIELDS', { problem: `cannot find ${unknown} url parameter` });
  return { follow: boolOf(query['follow'], false), heartbeat: boolOf(query['heartbeat'], true) };
}

function boolOf(value: unknown, absent: boolean): boolean {
  const text = Array.isArray(value) ? String(value[0]) : value;
  if (text === undefined || text === '') return absent;
  if (typeof text === 'string' && TRUE.has(text)) return true;
  if (typeof text === 'string' && FALSE.has(text)) return false;
  throw new TrainyardError('INVALID_FIELDS', { problem: `Convert ${String(text)} to bool` });
}
