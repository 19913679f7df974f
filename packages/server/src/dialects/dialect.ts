import type { FastifyInstance } from 'fastify';

/**
 * A foreign language spoken to us. Laws:
 *  1. It translates at the edge and owns no rule: it calls use cases and answers in its own words.
 *  2. Every route says its `config.access`; the gate refuses those that do not.
 *  3. It answers errors in its own shape, for every kind of our errors.
 */
export interface Dialect {
  readonly name: string;
  /** Adds its routes to an encapsulated instance (own error handler, own not-found). */
  register(app: FastifyInstance): void | Promise<void>;
}

/** A dialect with a listener of its own; there it also answers what is refused before any route sees it. */
export interface ListenerDialect extends Dialect {
  /** The JSON of an error's answer. */
  errorBody(message: string): string;
}
