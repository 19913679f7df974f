import type { IncomingMessage, ServerResponse } from 'node:http';
import { LogQuery, PublishBody, ReportsBody } from '@trainyard/api/schemas/runner.ts';
import type { Outcome, Report } from '@trainyard/core/training/outcome.ts';
import type { RunnerOrder } from '@trainyard/core/training/runner-order.ts';
import type { Reply, Request } from './call.ts';
import { LoopbackListener } from './listener.ts';
import { LoopbackTracking } from './tracking.ts';

type Published = ReturnType<typeof PublishBody.parse>;

/** What a test wants to go wrong: the connection is cut before or after the call took effect, or a status is answered. */
export type Fault = 'drop' | 'drop_answer' | number;

/**
 * The server as a runner sees it: the real wire, for one run. It refuses whatever it did not expect (another token, a body
 * that does not fit its schema, reports with a gap, an unknown path) and remembers that; `assertClean` throws for it.
 */
export class LoopbackServer {
  readonly #token: string;
  readonly #listener = new LoopbackListener((request, response) => void this.#answer(request, response));
  readonly tracking: LoopbackTracking;
  readonly unexpected: string[] = [];
  /** `METHOD path`, in the order in which they came. */
  readonly calls: string[] = [];
  readonly #reports: Report[] = [];
  readonly #log: Buffer[] = [];
  #logBytes = 0;
  readonly snapshots = new Map<string, Buffer>();
  readonly published: Published[] = [];
  /** Reports that were refused leave a gap. */
  gapsAllowed = false;
  /** Answered to the next reports. */
  stopRequested = false;
  /** The attempt is over: 410 to everything. */
  over = false;
  fault: (call: string) => Fault | undefined = () => undefined;

  private constructor(order: Pick<RunnerOrder, 'token' | 'run' | 'experimentId'>) {
    this.#token = order.token;
    this.tracking = new LoopbackTracking(order.run, order.experimentId);
  }

  static async start(order: Pick<RunnerOrder, 'token' | 'run' | 'experimentId'>): Promise<LoopbackServer> {
    const server = new LoopbackServer(order);
    await server.start();
    return server;
  }

  get url(): string {
    return this.#listener.url;
  }

  get reports(): readonly Report[] {
    return this.#reports;
  }

  get log(): Buffer {
    return Buffer.concat(this.#log);
  }

  get outcome(): Outcome | undefined {
    return this.#reports.find((report) => report.kind === 'outcome')?.outcome;
  }

  /** `step: state`, in order. */
  get steps(): string[] {
    return this.#reports.flatMap((report) => (report.kind === 'step' ? [`${report.step}: ${report.state}`] : []));
  }

  get warnings(): string[] {
    return this.#reports.flatMap((report) => (report.kind === 'note' ? [report.message] : []));
  }

  get facts(): Record<string, unknown> {
    return Object.assign({}, ...this.#reports.map((report) => (report.kind === 'facts' ? report.facts : {}))) as Record<string, unknown>;
  }

  /** Listens, after `stop` on the same port as before; what it knew it still knows. */
  async start(): Promise<void> {
    await this.#listener.start();
  }

  /** As a killed server: every connection breaks at once. */
  async stop(): Promise<void> {
    await this.#listener.stop();
  }

  /** As a server that comes back from a backup: only the first bytes of the log are left. */
  forgetLog(keptBytes: number): void {
    const kept = Buffer.from(this.log.subarray(0, keptBytes));
    this.#log.splice(0, this.#log.length, kept);
    this.#logBytes = kept.length;
  }

  assertClean(): void {
    if (this.unexpected.length > 0) throw new Error(`the server met what it did not expect:\n${this.unexpected.join('\n')}`);
  }

  async #answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(message.url ?? '/', this.url);
    const call = `${message.method ?? ''} ${url.pathname}`;
    this.calls.push(call);
    const fault = this.fault(call);
    try {
      const body = Buffer.concat(await message.toArray());
      if (fault === 'drop') return void message.socket.destroy();
      if (typeof fault === 'number') return send(response, { status: fault, body: error('FAULT', 'as the test wants it') });
      if (message.headers.authorization !== `Bearer ${this.#token}`) return this.#refuse(response, `${call}: the token is not the run's`, 401);
      if (this.over) return send(response, { status: 410, body: error('STALE_ATTEMPT', 'it is over') });
      const request = { method: message.method ?? '', path: url.pathname, query: url.searchParams, body };
      const reply = this.#native(request) ?? this.tracking.answer(request);
      if (fault === 'drop_answer') return void message.socket.destroy();
      if (reply === undefined) return this.#refuse(response, `${call}: there is no such route`, 501);
      send(response, reply);
    } catch (problem) {
      if (!message.destroyed || message.complete) this.#refuse(response, `${call}: ${String(problem)}`, 400);
    }
  }

  #refuse(response: ServerResponse, problem: string, status: number): void {
    this.unexpected.push(problem);
    send(response, { status, body: error('UNEXPECTED', problem) });
  }

  #native({ method, path, query, body }: Request): Reply | undefined {
    switch (`${method} ${path}`) {
      case 'POST /api/v1/runner/reports':
        return this.#takeReports(ReportsBody.parse(JSON.parse(body.toString())).reports);
      case 'PUT /api/v1/runner/log':
        return this.#takeLog(LogQuery.parse(Object.fromEntries(query)).offset, body);
      case 'POST /api/v1/runner/model':
        return this.#publish(PublishBody.parse(JSON.parse(body.toString())));
      default: {
        const digest = method === 'GET' ? /^\/api\/v1\/snapshots\/([0-9a-f]{64})$/.exec(path)?.[1] : undefined;
        if (digest === undefined) return undefined;
        const snapshot = this.snapshots.get(digest);
        return snapshot === undefined ? { status: 404, body: error('SNAPSHOT_NOT_FOUND', `there is no uploaded source '${digest}'`) } : { status: 200, body: snapshot };
      }
    }
  }

  #takeReports(reports: readonly Report[]): Reply {
    for (const report of reports) {
      const last = this.#reports.at(-1)?.seq ?? 0;
      if (report.seq <= last) continue;
      if (report.seq !== last + 1 && !this.gapsAllowed) throw new Error(`report ${report.seq} came, ${last + 1} was next`);
      this.#reports.push(report);
    }
    return { status: 200, body: { lastSeq: this.#reports.at(-1)?.seq ?? 0, stop: this.stopRequested } };
  }

  #takeLog(offset: number, bytes: Buffer): Reply {
    if (this.outcome !== undefined) throw new Error('log bytes came behind the outcome');
    if (bytes.length > 1024 * 1024) throw new Error(`${bytes.length} bytes of log in one call`);
    if (offset > this.#logBytes) return { status: 409, body: { error: { ...error('LOG_GAP', 'a gap').error, expected: this.#logBytes } } };
    const fresh = bytes.subarray(Math.min(bytes.length, this.#logBytes - offset));
    this.#log.push(fresh);
    this.#logBytes += fresh.length;
    return { status: 200, body: { next: this.#logBytes } };
  }

  #publish(body: Published): Reply {
    const known = this.published.findIndex(({ name, source }) => name === body.name && source === body.source);
    if (known < 0) this.published.push(body);
    return { status: 200, body: { name: body.name, version: String(known < 0 ? this.published.length : known + 1) } };
  }
}

function error(code: string, message: string): { error: Record<string, unknown> } {
  return { error: { code, message, hint: 'look at the test', status: 400, requestId: 'r' } };
}

function send(response: ServerResponse, { status, body }: Reply): void {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}
