import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServedFile {
  readonly bytes: Buffer;
  /** Absent: the server gives no parts of it. */
  readonly etag?: string;
  /** What the client must send, word by word. */
  readonly authorization?: string;
  /** Without it the length is not told. */
  readonly tellsLength?: boolean;
  readonly redirect?: string;
}

/** A web server with files that knows ranges and conditions, and remembers what it was asked. */
export class FileServer implements AsyncDisposable {
  readonly files = new Map<string, ServedFile>();
  readonly calls: { readonly url: string; readonly authorization: string | undefined; readonly range: string | undefined }[] = [];
  readonly #server: Server;
  #sentBytes = 0;

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(host = '127.0.0.1'): Promise<FileServer> {
    const files = new FileServer();
    files.#server.listen(0, host);
    await once(files.#server, 'listening');
    return files;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { url = '', headers } = request;
    this.calls.push({ url, authorization: headers.authorization, range: headers.range });
    const file = this.files.get(decodeURIComponent(new URL(url, this.url).pathname));
    if (file === undefined) response.writeHead(404).end();
    else if (file.authorization !== undefined && headers.authorization !== file.authorization) response.writeHead(401, { 'www-authenticate': 'Basic realm="files"' }).end(`not for ${String(headers.authorization)}`);
    else if (file.redirect !== undefined) response.writeHead(302, { location: file.redirect }).end();
    else this.#send(file, headers, response);
  }

  #send({ bytes, etag, tellsLength = true }: ServedFile, { range, 'if-range': condition }: IncomingMessage['headers'], response: ServerResponse): void {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
    const isPart = etag !== undefined && first !== undefined && (condition === undefined || condition === etag);
    const [from, to] = isPart ? [Number(first), Math.min(Number(last) + 1, bytes.length)] : [0, bytes.length];
    if (isPart && from >= bytes.length) return void response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
    const part = bytes.subarray(from, to);
    response.writeHead(isPart ? 206 : 200, {
      ...(etag === undefined ? {} : { etag, 'accept-ranges': 'bytes' }),
      ...(tellsLength ? { 'content-length': part.length } : {}),
      ...(isPart ? { 'content-range': `bytes ${from}-${to - 1}/${bytes.length}` } : {}),
    });
    this.#stream(part, response);
  }

  /** In small pieces, so that whoever goes has not been sent it all. */
  #stream(bytes: Buffer, response: ServerResponse): void {
    const next = (at: number): void => {
      if (response.destroyed) return;
      if (at >= bytes.length) return void response.end();
      const piece = bytes.subarray(at, at + 64 * 1024);
      response.write(piece, () => {
        this.#sentBytes += piece.length;
        setImmediate(() => next(at + piece.length));
      });
    };
    next(0);
  }
}
