import type { FastifyInstance, FastifyReply } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    /** Aborted when the server begins to shut down. */
    closing: AbortSignal;
  }
}

/** Lets answers that may last as long as a run know that the server shuts down: it waits for every answer to end. */
export function tellOfClosing(app: FastifyInstance): void {
  const closing = new AbortController();
  app.decorate('closing', closing.signal);
  app.addHook('preClose', async () => closing.abort());
}

/** Aborted when nobody listens to this answer any more, or the server shuts down; whoever still listens then asks again later. */
export function listenerGone(reply: FastifyReply): AbortSignal {
  const { closing } = reply.server;
  const gone = new AbortController();
  const abort = (): void => gone.abort();
  if (closing.aborted) abort();
  closing.addEventListener('abort', abort, { once: true });
  reply.raw.once('close', () => {
    closing.removeEventListener('abort', abort);
    abort();
  });
  return gone.signal;
}
