import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RunRecord } from '../stores/runs.ts';
import type { Runs } from '../usecases/runs.ts';
import { listenerGone } from './listener-gone.ts';
import { timeText } from './views.ts';

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

interface LogQuery {
  readonly attempt?: number | undefined;
  readonly fromByte: number;
  readonly tail?: number | undefined;
  readonly follow?: boolean;
}

/** Proxies cut connections that are silent for long; a comment line keeps them. */
const HEARTBEAT_MS = 15_000;

/** Events of a run as server-sent events; `event: end` is the last, so that a client does not connect again. */
export function streamEvents(runs: Runs, run: RunRecord, exchange: Exchange): FastifyReply {
  const after = Number(/^\d+$/.exec(String(exchange.request.headers['last-event-id'] ?? ''))?.[0] ?? 0);
  return sendEvents(exchange, async function* (signal) {
    for await (const event of runs.followEvents(run.id, after, signal)) yield sse({ id: String(event.id), event: event.kind, data: { at: timeText(event.at), ...event.data } });
    if (!signal.aborted) yield sse({ event: 'end', data: { state: await runs.stateOf(run.id) } });
  });
}

/** The log as text in server-sent events. The id says where to go on: `<attempt>:<next byte>`. */
export function streamLogEvents(runs: Runs, run: RunRecord, { query, ...exchange }: Exchange & { query: LogQuery }): FastifyReply {
  const last = /^(\d+):(\d+)$/.exec(String(exchange.request.headers['last-event-id'] ?? ''));
  const start = last === null ? { attempt: query.attempt ?? Math.max(1, run.attempt), from: query.fromByte } : { attempt: Number(last[1]), from: Number(last[2]) };
  return sendEvents(exchange, async function* (signal) {
    let rest: Buffer = Buffer.alloc(0);
    for await (const piece of runs.followLog(run.id, start, signal)) {
      const bytes = Buffer.concat([rest, piece.bytes]);
      const from = piece.from - rest.length;
      const whole = bytes.subarray(0, bytes.length - unfinishedBytes(bytes));
      rest = bytes.subarray(whole.length);
      if (whole.length > 0) yield sse({ id: `${piece.attempt}:${from + whole.length}`, event: 'log', data: { attempt: piece.attempt, from, text: whole.toString('utf8') } });
    }
    if (!signal.aborted) yield sse({ event: 'end', data: { state: await runs.stateOf(run.id) } });
  });
}

/** The log as bytes, with the attempt and first byte in headers. */
export async function streamLog(runs: Runs, run: RunRecord, { query, reply }: Pick<Exchange, 'reply'> & { query: LogQuery }): Promise<FastifyReply> {
  const attempt = query.attempt ?? Math.max(1, run.attempt);
  const from = query.tail === undefined ? query.fromByte : await runs.tailOffset(run.id, attempt, query.tail);
  reply.type('text/plain; charset=utf-8').header('content-security-policy', 'sandbox').header('x-log-attempt', attempt).header('x-log-from', from);
  const signal = listenerGone(reply);
  if (query.follow !== true) return reply.send(Readable.from(runs.readLog(run.id, attempt, { from, to: await runs.logSize(run.id, attempt) })));
  sendAtOnce(reply, followedBytes(runs, run.id, { attempt, from }, signal));
  return reply;
}

async function* followedBytes(runs: Runs, runId: string, start: { attempt: number; from: number }, signal: AbortSignal): AsyncIterable<Buffer> {
  for await (const piece of runs.followLog(runId, start, signal)) yield piece.bytes;
}

function sendEvents({ reply }: Pick<Exchange, 'reply'>, events: (signal: AbortSignal) => AsyncIterable<string>): FastifyReply {
  const signal = listenerGone(reply);
  reply.type('text/event-stream; charset=utf-8').header('x-accel-buffering', 'no');
  const stream = sendAtOnce(reply, events(signal));
  const heartbeat = setInterval(() => {
    if (reply.raw.headersSent && !reply.raw.writableEnded) reply.raw.write(': still here\n\n');
  }, HEARTBEAT_MS);
  stream.once('close', () => clearInterval(heartbeat));
  return reply;
}

/** The head goes out before the first byte of the body: a client that waits for a quiet run is connected, not hanging. */
function sendAtOnce(reply: FastifyReply, pieces: AsyncIterable<Uint8Array | string>): Readable {
  const flushing = async function* (): AsyncIterable<Uint8Array | string> {
    // the first read comes when the head is written
    reply.raw.flushHeaders();
    yield* pieces;
  };
  const stream = Readable.from(flushing(), { objectMode: false });
  void reply.send(stream);
  return stream;
}

function sse({ id, event, data }: { id?: string; event: string; data: object }): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Bytes at the end that begin a UTF-8 character whose rest has not come yet (0…3). */
function unfinishedBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}
