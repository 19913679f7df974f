import { setTimeout as pause } from 'node:timers/promises';
import type { RunDetail } from '@trainyard/api/schemas/run.ts';
import { hasEnded } from '@trainyard/core/training/states.ts';
import type { Connection } from '../connection/connection.ts';
import { mayPass, pauseMs, type ReachWatcher, untilReached } from '../connection/reach.ts';

/** A place in the log of a run: byte `byte` of attempt `attempt`. */
export interface LogPosition {
  readonly attempt: number;
  readonly byte: number;
}

export interface LogChunk {
  readonly bytes: Uint8Array;
  /** Behind these bytes. */
  readonly position: LogPosition;
}

export interface LogRequest {
  readonly runId: string;
  /** The last attempt there is when none is given. */
  readonly from: { readonly attempt?: number | undefined; readonly byte: number };
  /** True: until the run has ended, through later attempts. False: what is there now. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
  readonly watcher: ReachWatcher;
}

/** After the end of a run, this many answers without a byte mean that the rest is not going to come. */
const EMPTY_ANSWERS = 3;

/** Every byte of a log exactly once. A connection that drops is opened again at the byte where it dropped. */
export async function* readLog(connection: Connection, request: LogRequest): AsyncGenerator<LogChunk> {
  const { runId, follow, signal, watcher } = request;
  const { pace } = connection;
  let at: LogPosition | undefined;
  for (let empty = 0; ; ) {
    const run = await untilReached(() => connection.call('getRun', { params: { id: runId }, signal }), { pace, signal, watcher });
    at = position(at, run, request);
    if (isAllRead(run, at, follow) || (hasEnded(run.state) && empty >= EMPTY_ANSWERS)) return;
    if (at === undefined) {
      // no attempt has begun
      await pause(pace.pollMs, undefined, { signal });
      continue;
    }
    let gotBytes = false;
    for await (const chunk of streamFrom(connection, at, request)) {
      gotBytes = true;
      at = chunk.position;
      yield chunk;
    }
    if (!follow && !gotBytes) return;
    empty = gotBytes ? 0 : empty + 1;
    if (empty > 0) await pause(pauseMs(pace, empty), undefined, { signal });
  }
}

/** One connection's worth of the log. A drop that another connection may cure just ends it. */
async function* streamFrom(connection: Connection, from: LogPosition, { runId, follow, signal }: LogRequest): AsyncGenerator<LogChunk> {
  const body = await opened(connection, from, { runId, follow, signal });
  let { byte } = from;
  try {
    for await (const bytes of body) {
      byte += bytes.length;
      yield { bytes, position: { attempt: from.attempt, byte } };
    }
  } catch (error) {
    // the answer had begun: whatever ended it, the next look at the run shows whether there is a server
    if (signal.aborted) throw error;
  }
}

async function opened(connection: Connection, from: LogPosition, { runId, follow, signal }: Pick<LogRequest, 'runId' | 'follow' | 'signal'>): Promise<AsyncIterable<Uint8Array>> {
  try {
    const query = { attempt: from.attempt, fromByte: from.byte, follow: follow ? 'true' : 'false' } as const;
    const response = await connection.open('runLog', { params: { id: runId }, query, signal });
    return response.body ?? empty();
  } catch (error) {
    if (signal.aborted || !mayPass(error)) throw error;
    return empty();
  }
}

async function* empty(): AsyncGenerator<Uint8Array> {
  // nothing came
}

/**
 * Where to go on. One answer may run from an attempt into the later ones without saying where one ends, so the bytes are
 * settled with the length each attempt that is over really has.
 */
function position(at: LogPosition | undefined, run: RunDetail, { from, follow }: LogRequest): LogPosition | undefined {
  const first = from.attempt ?? run.attempts.at(-1)?.number;
  if (first === undefined || !run.attempts.some(({ number }) => number === (at?.attempt ?? first))) return at;
  let { attempt, byte } = at ?? { attempt: first, byte: from.byte };
  for (const { number, logBytes } of run.attempts) {
    const isLast = !run.attempts.some((other) => other.number > number);
    if (!follow || isLast || number !== attempt || byte < logBytes) continue;
    byte -= logBytes;
    attempt += 1;
  }
  return { attempt, byte };
}

function isAllRead(run: RunDetail, at: LogPosition | undefined, follow: boolean): boolean {
  if (at === undefined) return hasEnded(run.state) || !follow;
  const attempt = run.attempts.find(({ number }) => number === at.attempt);
  const isOver = hasEnded(run.state) || (!follow && attempt?.state !== 'active');
  return isOver && at.byte >= (attempt?.logBytes ?? 0) && (!follow || attempt?.number === run.attempts.at(-1)?.number);
}
