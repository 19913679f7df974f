import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { isTrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { checkHost, type GateOptions } from './gate.ts';

interface Problem {
  readonly status: number;
  readonly message: string;
}

const JSON_TYPE = 'application/json; charset=utf-8';

interface EarlyAnswers {
  readonly gate: GateOptions;
  /** Of every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON of a message. */
  readonly bodyOf: (message: string) => string;
}

/** Options of fastify: answers what is refused before any hook of ours in the words of a dialect. */
export function earlyErrors({ gate, headers, bodyOf }: EarlyAnswers) {
  return {
    /** Paths that lead to no route. The gate has not looked at them yet: nobody learns more from a foreign name. */
    frameworkErrors(error: { readonly statusCode?: number | undefined }, request: FastifyRequest, reply: FastifyReply): void {
      const { status, message } = hostProblem(request, gate) ?? pathProblem(error.statusCode);
      void reply.code(status).headers(headers).type(JSON_TYPE).send(bodyOf(message));
    },
    /** Bytes that are no HTTP. */
    clientErrorHandler(error: NodeJS.ErrnoException, socket: Socket): void {
      if (error.code !== 'ECONNRESET' && socket.writable) socket.write(rawAnswer(messageProblem(error.code), { headers, bodyOf }));
      socket.destroy(error);
    },
  };
}

function hostProblem(request: FastifyRequest, gate: GateOptions): Problem | undefined {
  try {
    checkHost(request, gate);
    return undefined;
  } catch (error) {
    if (!isTrainyardError(error)) throw error;
    return { status: error.status, message: `${error.message}: ${error.hint}` };
  }
}

function pathProblem(status: number | undefined): Problem {
  return status === 414 ? { status, message: 'a part of the path is too long' } : { status: 400, message: 'the path is not one that a URL may have' };
}

function messageProblem(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') return { status: 431, message: 'the URL and the headers are too large' };
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { status: 408, message: 'the request did not come whole in time' };
  return { status: 400, message: 'the request is not HTTP' };
}

function rawAnswer({ status, message }: Problem, { headers, bodyOf }: Omit<EarlyAnswers, 'gate'>): string {
  const body = bodyOf(message);
  const whole = { 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(body), connection: 'close', ...headers };
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${Object.entries(whole).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}
