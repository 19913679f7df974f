import type { FastifyReply } from 'fastify';

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
