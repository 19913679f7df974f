import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Takes calls on the loopback and never answers. */
export class SilentServer implements AsyncDisposable {
  readonly port: number;
  /** The first call has come. */
  readonly called: Promise<void>;
  /** The first caller has gone again. */
  readonly hungUp: Promise<void>;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    const first = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    this.called = first.promise;
    this.hungUp = gone.promise;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined).on('close', gone.resolve).resume();
      first.resolve();
    });
  }

  static async start(): Promise<SilentServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SilentServer(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** A port of the loopback on which nobody listens. */
export async function closedPort(): Promise<number> {
  const silent = await SilentServer.start();
  await silent[Symbol.asyncDispose]();
  return silent.port;
}
