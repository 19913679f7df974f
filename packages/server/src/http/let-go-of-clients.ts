import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    /** Aborted when the server begins to shut down. */
    closing: AbortSignal;
  }
}

/** Whoever is still connected does not keep a server that shuts down: every call that came is answered, and nothing is waited for but that. */
export function letGoOfClients(app: FastifyInstance): void {
  const closing = new AbortController();
  app.decorate('closing', closing.signal);
  // a client may open a connection ahead of its calls; Node takes one that never asked anything for busy
  const silent = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    if (closing.signal.aborted) return void socket.destroy();
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  app.server.on('request', ({ socket }: IncomingMessage) => silent.delete(socket));
  app.addHook('preClose', async () => {
    closing.abort();
    for (const socket of silent) socket.destroy();
  });
  // a connection whose last call ends now would be kept for the whole keep-alive
  app.addHook('onResponse', async () => {
    if (closing.signal.aborted) setImmediate(() => app.server.closeIdleConnections());
  });
}
