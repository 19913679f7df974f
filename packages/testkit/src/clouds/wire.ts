import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A connection to a service of this machine that a test can cut and mend, as if the network did. */
export class Wire {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #isCut = false;
  #cutAfterBytes = Number.POSITIVE_INFINITY;
  #breakAfterBytes = Number.POSITIVE_INFINITY;

  private constructor(port: number) {
    this.#server = createServer((near) => this.#join(near, port));
  }

  static async to(port: number): Promise<Wire> {
    const wire = new Wire(port);
    await new Promise<void>((resolve, reject) => wire.#server.once('error', reject).listen(0, '127.0.0.1', resolve));
    return wire;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Breaks every connection and takes no other until it is mended. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Cuts as soon as that many bytes have passed in both directions together. */
  cutAfter(bytes: number): void {
    this.#cutAfterBytes = bytes;
  }

  /** Breaks every connection once, as soon as that many bytes have passed; others are taken at once. */
  breakAfter(bytes: number): void {
    this.#breakAfterBytes = bytes;
  }

  mend(): void {
    this.#isCut = false;
    this.#cutAfterBytes = Number.POSITIVE_INFINITY;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }

  #join(near: Socket, port: number): void {
    if (this.#isCut) {
      near.destroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    for (const [one, other] of [[near, far], [far, near]] as const) {
      this.#sockets.add(one);
      one.on('data', (chunk) => this.#count(chunk.length));
      one.once('error', () => other.destroy());
      one.once('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }

  #count(bytes: number): void {
    this.#cutAfterBytes -= bytes;
    if (this.#cutAfterBytes < 0) this.cut();
    this.#breakAfterBytes -= bytes;
    if (this.#breakAfterBytes >= 0) return;
    this.#breakAfterBytes = Number.POSITIVE_INFINITY;
    for (const socket of this.#sockets) socket.destroy();
  }
}
