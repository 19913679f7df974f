import type { IncomingMessage, ServerResponse } from 'node:http';
import { LoopbackListener } from '../loopback/listener.ts';
import { FakeWorkspace, type WorkspaceAnswer } from './fake-workspace.ts';

/** What every workspace that is opened takes and has. */
export const TOKEN = 'dapi-secret';
export const CLUSTER = '1234-123456-hurts123';

/** A fake workspace that answers on a port of loopback. */
export class WorkspaceServer {
  readonly workspace: FakeWorkspace;
  readonly #listener: LoopbackListener;

  /** With a token and a running cluster. */
  static async open(workspace = new FakeWorkspace()): Promise<WorkspaceServer> {
    const server = new WorkspaceServer(workspace);
    await server.start();
    workspace.url = server.url;
    workspace.credentials.accept(TOKEN);
    workspace.clusters.put(CLUSTER);
    return server;
  }

  constructor(workspace: FakeWorkspace) {
    this.workspace = workspace;
    this.#listener = new LoopbackListener((request, response) => void serve(workspace, request, response));
  }

  get url(): string {
    return this.#listener.url;
  }

  start(): Promise<void> {
    return this.#listener.start();
  }

  stop(): Promise<void> {
    return this.#listener.stop();
  }
}

async function serve(workspace: FakeWorkspace, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]));
  const bytes = Buffer.concat(pieces);
  const answer = workspace.handle({ method: request.method ?? 'GET', path: request.url ?? '/', headers, body: bytes.toString('utf8'), bytes });
  if (answer === undefined) request.socket.destroy();
  else send(answer, response);
}

function send({ status, headers, body, stalls }: WorkspaceAnswer, response: ServerResponse): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, 'content-length': bytes.length });
  // the rest of a slow body never comes; the caller's limit ends it
  if (stalls === true) response.write(bytes.subarray(0, bytes.length / 2));
  else response.end(bytes);
}
