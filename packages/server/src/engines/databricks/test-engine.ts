import { createHash } from 'node:crypto';
import type { Outcome, Report } from '@trainyard/core/training/outcome.ts';
import { anOrder } from '@trainyard/testkit/an-order.ts';
import { FakeClock } from '@trainyard/testkit/fake-databricks/fake-clock.ts';
import { FakeWorkspace, type FakeWorkspaceOptions } from '@trainyard/testkit/fake-databricks/fake-workspace.ts';
import { WorkspaceOutbound } from '@trainyard/testkit/fake-databricks/workspace-outbound.ts';
import { MemoryAttemptBook } from '@trainyard/testkit/fake-databricks/memory-attempt-book.ts';
import { paperSeal } from '@trainyard/testkit/fake-databricks/paper-seal.ts';
import { silentLogger } from '@trainyard/testkit/silent-logger.ts';
import { type DatabricksConfig, DatabricksEngine } from './engine.ts';

export interface TestEngineOptions extends Omit<FakeWorkspaceOptions, 'now'> {
  readonly config?: Partial<DatabricksConfig>;
  readonly latencyMs?: number;
}

/** An engine, its book and a fake workspace, all on one fake clock. */
export class TestEngine {
  readonly clock = new FakeClock();
  /** Another one from the next engine on, when a test puts it here. */
  workspace: FakeWorkspace;
  readonly book = new MemoryAttemptBook();
  /** Key → what the server was told, and when. */
  readonly delivered = new Map<string, { readonly at: number; readonly report: Report }[]>();
  /** Key → what the engine told beside a runner. */
  readonly beside = new Map<string, Report[]>();
  runner = (): Promise<Uint8Array> => Promise.resolve(Buffer.from('// the runner'));
  readonly #options: TestEngineOptions;
  engine: DatabricksEngine;

  constructor(options: TestEngineOptions = {}) {
    this.#options = options;
    this.workspace = new FakeWorkspace({ ...options, now: this.clock.now });
    this.workspace.credentials.accept('dapi-secret');
    this.workspace.clusters.put('c1');
    this.engine = this.another();
  }

  /** One more engine on the same book, as of another server, or of the next one. */
  another(): DatabricksEngine {
    const { latencyMs = 0, config } = this.#options;
    return new DatabricksEngine({
      config: { url: this.workspace.url, credentials: { token: 'dapi-secret' }, cluster: 'serverless', lookEveryMs: 3_000, callTimeoutMs: 30_000, ...config },
      outbound: new WorkspaceOutbound(this.workspace, { sleep: this.clock.sleep, latencyMs }),
      book: this.book,
      deliver: ({ key, reports, besideRunner }) => Promise.resolve(besideRunner ? this.#takeBeside(key, reports) : this.#take(key, reports)),
      runner: this.runner,
      seal: paperSeal,
      clock: this.clock,
      chance: () => 0.5,
      log: silentLogger,
    });
  }

  /** As after kill -9: what the old one had under way still happens, but nobody hears of it. */
  async restart(): Promise<void> {
    await this.engine.close();
    this.engine = this.another();
    await this.engine.keys();
  }

  async submit(key: string, spec: Record<string, unknown> = {}): Promise<void> {
    const notebook = { toolchain: 'notebook', engine: 'databricks', args: [], algorithmSource: { notebook: { path: '/Train' } }, ...spec };
    const [run = '', attempt = '1'] = key.split('-');
    await this.engine.submit(key, { order: anOrder({ run, attempt: Number(attempt), spec: notebook }), resources: {}, image: undefined });
  }

  /** A program of the toolchain `command`, whose order has a secret. */
  async submitProgram(key: string, spec: Record<string, unknown> = {}): Promise<void> {
    const [run = '', attempt = '1'] = key.split('-');
    const order = anOrder({ run, attempt: Number(attempt), spec: { engine: 'databricks', ...spec }, secrets: { PASSWORD: 'sesame-open' } });
    await this.engine.submit(key, { order, resources: {}, image: undefined });
  }

  /** Lets time pass until the attempt has ended, and answers how. */
  async end(key: string, mostMs?: number): Promise<Outcome> {
    await this.clock.until(`the end of ${key}`, async () => (await this.engine.observe(key)).kind === 'exited', mostMs);
    const seen = await this.engine.observe(key);
    if (seen.kind !== 'exited' || seen.outcome === undefined) throw new Error(`no outcome: ${JSON.stringify(seen)}`);
    return seen.outcome;
  }

  async log(key: string): Promise<string> {
    let text = '';
    for await (const bytes of this.engine.logs(key, 0)) text += Buffer.from(bytes).toString('utf8');
    return text;
  }

  async facts(key: string): Promise<Record<string, unknown>> {
    return Object.assign({}, ...(await this.engine.reports(key)).map((report) => (report.kind === 'facts' ? report.facts : {}))) as Record<string, unknown>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.close();
  }

  #takeBeside(key: string, reports: readonly Report[]): void {
    this.beside.set(key, [...(this.beside.get(key) ?? []), ...reports]);
  }

  #take(key: string, reports: readonly Report[]): void {
    const told = this.delivered.get(key) ?? [];
    this.delivered.set(key, told);
    for (const report of reports) if (report.seq > (told.at(-1)?.report.seq ?? 0)) told.push({ at: this.clock.now(), report });
  }
}

/** A key of an attempt, the same for the same name. */
export function aKey(name: string | number, attempt = 1): string {
  return `${createHash('md5').update(String(name)).digest('hex')}-${attempt}`;
}
