import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyInstance } from 'fastify';

export interface CallPatience {
  /** How long a body may be silent before its end. */
  readonly silentMs: number;
  /** The same once the server shuts down. */
  readonly closingMs: number;
  /** How long an answer may lie there untaken, once the server shuts down. */
  readonly untakenMs: number;
}

/**
 * Generous: a machine that swaps, a link that comes back. Nobody who is cut loses more than the call. Whoever takes an answer
 * slowly empties megabytes of the kernel's buffers before we see that: hence the longer time for that.
 */
const PATIENCE: CallPatience = { silentMs: 60_000, closingMs: 3_000, untakenMs: 10_000 };
/** Looks per patience: what is cut was silent for up to a twelfth longer. */
const LOOKS = 12;

interface Call {
  readonly request: IncomingMessage;
  /** Bytes that had come or gone at the last look. */
  movedBytes: number;
  /** When it was last seen to move, or not to wait for its client. */
  since: number;
}

/**
 * Cuts the calls whose body stopped arriving: a connection that died without a word would else hold its handler for ever, and
 * the server when it shuts down. Who sends or takes bytes, however slowly, is left alone, and so is a call that waits for us.
 */
export function cutStalledCalls(app: FastifyInstance, { silentMs, closingMs, untakenMs }: CallPatience = PATIENCE): void {
  /** The last call of each connection. */
  const calls = new Map<Socket, Call>();
  app.server.on('request', (request: IncomingMessage) => {
    const { socket } = request;
    if (!calls.has(socket)) socket.once('close', () => calls.delete(socket));
    calls.set(socket, { request, movedBytes: movedBytes(socket), since: performance.now() });
  });
  const look = (patienceMs: number): void => {
    for (const [socket, call] of calls) {
      const upload = waitsForBody(call.request);
      // who takes an answer may pause as long as we have time
      const download = app.closing.aborted && socket.writableLength > 0;
      if (!isStill(socket, call) || !(upload || download)) call.since = performance.now();
      else if (performance.now() - call.since < (upload ? patienceMs : untakenMs)) continue;
      else if (upload) call.request.destroy(new TrainyardError('BAD_REQUEST', { problem: `the body broke off: no byte of it came for ${patienceMs / 1000} s` }));
      else socket.destroy();
    }
  };
  const lookFor = (patienceMs: number): NodeJS.Timeout => setInterval(look, patienceMs / LOOKS, patienceMs).unref();
  let looking = lookFor(silentMs);
  app.addHook('preClose', async () => {
    clearInterval(looking);
    looking = lookFor(closingMs);
  });
  app.addHook('onClose', async () => clearInterval(looking));
}

/** Bytes that lie here unread are waiting for us, not we for them. */
function waitsForBody({ complete, readableLength }: IncomingMessage): boolean {
  return !complete && readableLength === 0;
}

/** Has no byte moved since the look before? */
function isStill(socket: Socket, call: Call): boolean {
  const before = call.movedBytes;
  call.movedBytes = movedBytes(socket);
  return call.movedBytes === before;
}

/** What came, and what went of what was written. */
function movedBytes({ bytesRead, bytesWritten, writableLength }: Socket): number {
  return bytesRead + bytesWritten - writableLength;
}
