import { TrainyardError } from '@trainyard/core/errors.ts';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type { Pool } from 'pg';

/** Of the network, and what pg says of a connection that broke; the words stand for errors without a code. */
const NETWORK = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'ENOENT']);
const BROKEN = /^Connection terminated|^timeout exceeded when trying to connect|^Client has encountered a connection error/;
/** SQLSTATE: connection exception, too many connections, shut down by an administrator, crashed, starting up. */
const AWAY = /^(08...|53300|57P0[1-3])$/;

/** A pool whose errors are DATABASE_UNAVAILABLE when there is no database to talk to, and its own otherwise. */
export function toldWhenAway(pool: Pool): PostgresPool {
  // a connection that breaks, idle or in use, is replaced by the pool and told by its queries: without a listener it would end the process
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return {
    options: pool.options,
    end: () => pool.end(),
    connect: async () => clientOf((await told(pool.connect())) as unknown as PostgresPoolClient),
  };
}

function clientOf(client: PostgresPoolClient): PostgresPoolClient {
  const query = (text: string, parameters: readonly unknown[]) => told(client.query(text, parameters));
  return { processID: client.processID ?? 0, query: query as PostgresPoolClient['query'], release: (destroy) => client.release(destroy) };
}

async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw isAway(error) ? new TrainyardError('DATABASE_UNAVAILABLE', { problem: problemOf(error) }, { cause: error }) : error;
  }
}

function isAway(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? BROKEN.test(error.message) || error instanceof AggregateError : NETWORK.has(code) || AWAY.test(code);
}

/** Several addresses that were tried in turn have one error each, and none together. */
function problemOf(error: Error): string {
  return error instanceof AggregateError && error.message === '' ? error.errors.map((one: unknown) => (one instanceof Error ? one.message : String(one))).join('; ') : error.message;
}
