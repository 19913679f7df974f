import type { InjectOptions } from 'fastify';
import { TestServer } from '../../http/test-server.ts';

export interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly text: string;
  readonly json: unknown;
}

/** ODAHU's API of a server in this process, for tests: nothing is run. */
export class OdahuServer {
  readonly server: TestServer;

  static async open(flags: readonly string[] = []): Promise<OdahuServer> {
    return new OdahuServer(await TestServer.open(flags));
  }

  private constructor(server: TestServer) {
    this.server = server;
  }

  async send(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, headers: InjectOptions['headers'] = {}): Promise<Answer> {
    const payload = body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) };
    const answer = await this.server.call({ method, url: path.startsWith('/') ? path : `/api/v1/${path}`, headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, ...payload });
    const type = answer.headers['content-type'];
    return { status: answer.statusCode, type: type === undefined ? undefined : String(type), text: answer.body, json: String(type).startsWith('application/json') ? answer.json<unknown>() : undefined };
  }

  /** Status and message of an answer that refuses. */
  async refusal(...call: Parameters<OdahuServer['send']>): Promise<[number, string]> {
    const { status, json } = await this.send(...call);
    return [status, (json as { readonly message: string }).message];
  }

  close(): Promise<void> {
    return this.server.close();
  }
}

/** As ODAHU's client sends it: every field, and null for what was not given. */
export function connectionBody(id: string, spec: Readonly<Record<string, unknown>>): object {
  const none = { description: null, keyID: null, keySecret: null, password: null, publicKey: null, reference: null, region: null, role: null, type: null, uri: null, username: null, vital: false, webUILink: null };
  return { kind: 'Connection', createdAt: null, id, spec: { ...none, ...spec }, status: null, updatedAt: null };
}

export function trainingBody(id: string, spec: Readonly<Record<string, unknown>> = {}): object {
  const usual = {
    algorithmSource: { objectStorage: null, vcs: { connection: 'examples-git', reference: 'master' } },
    args: null,
    data: null,
    entrypoint: 'main',
    envs: null,
    hyperParameters: null,
    image: null,
    model: { artifactNameTemplate: null, name: 'wine', version: '3.0' },
    nodeSelector: null,
    outputConnection: null,
    resources: null,
    toolchain: 'mlflow',
    workDir: null,
  };
  return { kind: 'ModelTraining', createdAt: null, id, spec: { ...usual, ...spec }, status: null, updatedAt: null };
}
