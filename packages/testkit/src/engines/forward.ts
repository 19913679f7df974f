import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';

/** A path is a socket in the file system, a number a port of 127.0.0.1. */
export type Endpoint = string | number;

export interface Forward {
  /** The port it listens on; 0 for a path. */
  readonly port: number;
  close(): Promise<void>;
}

/** Everything that connects to `listen` talks to `connect` from then on; port 0 takes a free one. */
export async function forward(listen: Endpoint, connect: Endpoint): Promise<Forward> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const other = createConnection(optionsOf(connect));
    for (const end of [socket, other]) {
      open.add(end);
      end.once('close', () => open.delete(end));
    }
    // one end that breaks breaks the other; nobody else is to be told
    pipeline(socket, other, socket, () => undefined);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(optionsOf(listen), resolve));
  return {
    port: portOf(server),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

function optionsOf(endpoint: Endpoint): { readonly path: string } | { readonly host: string; readonly port: number } {
  return typeof endpoint === 'string' ? { path: endpoint } : { host: '127.0.0.1', port: endpoint };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
