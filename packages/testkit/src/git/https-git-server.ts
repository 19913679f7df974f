/** git's own server program behind TLS, with the users and tokens it is told. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOOPBACK_CERTIFICATE, LOOPBACK_KEY } from './loopback-certificate.ts';

export interface HttpsGitServerOptions {
  /** Directory of the repositories. */
  readonly root: string;
  /** What the header has to be; everybody is let in when absent. */
  readonly authorization?: string;
  /** Answers every call with a redirect to this origin. */
  readonly redirect?: string;
}

export class HttpsGitServer implements AsyncDisposable {
  readonly #options: HttpsGitServerOptions;
  readonly #server: Server;
  readonly #dir = mkdtempSync(join(tmpdir(), 'trainyard-https-git-'));
  /** Authorization headers that came. */
  readonly authorizations: (string | undefined)[] = [];

  private constructor(options: HttpsGitServerOptions) {
    this.#options = options;
    this.#server = createServer({ key: LOOPBACK_KEY, cert: LOOPBACK_CERTIFICATE }, (request, response) => this.#answer(request, response));
    writeFileSync(this.caFile, LOOPBACK_CERTIFICATE);
  }

  static async start(options: HttpsGitServerOptions): Promise<HttpsGitServer> {
    const server = new HttpsGitServer(options);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** For GIT_SSL_CAINFO. */
  get caFile(): string {
    return join(this.#dir, 'ca.pem');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
    rmSync(this.#dir, { recursive: true });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { authorization, redirect } = this.#options;
    this.authorizations.push(request.headers.authorization);
    if (redirect !== undefined) response.writeHead(302, { location: `${redirect}${request.url ?? ''}` }).end();
    else if (authorization !== undefined && request.headers.authorization !== authorization) response.writeHead(401, { 'www-authenticate': authorization.startsWith('Bearer') ? 'Bearer' : 'Basic realm="git"' }).end();
    else backend(this.#options.root, request, response);
  }
}

/** One call of `git http-backend`, by the rules of CGI. */
function backend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? '', 'https://localhost');
  const { headers, method = 'GET' } = request;
  const child = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      PATH: process.env['PATH'], HOME: root, GIT_PROJECT_ROOT: root, GIT_HTTP_EXPORT_ALL: '1', PATH_INFO: decodeURIComponent(pathname), QUERY_STRING: search.slice(1), REQUEST_METHOD: method, REMOTE_USER: 'trainyard',
      CONTENT_TYPE: headers['content-type'] ?? '', CONTENT_LENGTH: headers['content-length'] ?? '', HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '', GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
      GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*',
    },
  });
  // a client that goes ends its own call
  child.stdin.on('error', () => undefined);
  response.on('close', () => child.kill());
  request.pipe(child.stdin);
  let head = Buffer.alloc(0);
  child.stdout.on('data', (bytes: Buffer) => {
    if (response.headersSent) return void response.write(bytes);
    head = Buffer.concat([head, bytes]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    const lines = head.subarray(0, end).toString().split('\r\n').map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const);
    const status = Number(lines.find(([name]) => name === 'status')?.[1].split(' ')[0] ?? 200);
    response.writeHead(status, Object.fromEntries(lines.filter(([name]) => name !== 'status')));
    response.write(head.subarray(end + 4));
  });
  child.on('close', () => response.end());
}
