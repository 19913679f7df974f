import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aSnapshot } from '@trainyard/testkit/a-snapshot.ts';
import { anOrder } from '@trainyard/testkit/an-order.ts';
import { FakeWorkspace } from '@trainyard/testkit/fake-databricks/fake-workspace.ts';
import { MemoryAttemptBook } from '@trainyard/testkit/fake-databricks/memory-attempt-book.ts';
import { paperSeal } from '@trainyard/testkit/fake-databricks/paper-seal.ts';
import { WorkspaceServer } from '@trainyard/testkit/fake-databricks/workspace-server.ts';
import { LoopbackServer } from '@trainyard/testkit/loopback/server.ts';
import { silentLogger } from '@trainyard/testkit/silent-logger.ts';
import { AllowList } from '../../platform/outbound/allow-list.ts';
import { OutboundHttp } from '../../platform/outbound/outbound-http.ts';
import { type EngineUnderTest, engineContract } from '../engine.contract.ts';
import { RunnerBundle } from '../runner-program.ts';
import { systemClock } from './clock.ts';
import { DatabricksEngine, type DatabricksParts } from './engine.ts';

const bundle = new RunnerBundle();

engineContract('databricks, programs', open);

/** A runner hears of a stop from the server that asks the engine for it. */
class ServedEngine extends DatabricksEngine {
  readonly #servers: ReadonlyMap<string, LoopbackServer>;

  constructor(parts: DatabricksParts, servers: ReadonlyMap<string, LoopbackServer>) {
    super(parts);
    this.#servers = servers;
  }

  override async stop(key: string, graceMs: number): Promise<void> {
    const server = this.#servers.get(key);
    if (server !== undefined) server.stopRequested = true;
    await super.stop(key, graceMs);
  }
}

/** The real client over loopback; wrapper and runner are brought to a workspace whose cluster is this machine. */
async function open(): Promise<EngineUnderTest> {
  const dir = mkdtempSync(join(tmpdir(), 'trainyard-databricks-'));
  const marks = join(dir, 'marks');
  const workspace = new FakeWorkspace({ directory: join(dir, 'workspace') });
  workspace.credentials.accept('dapi-secret');
  workspace.clusters.put('0923-c1', { state: 'RUNNING' });
  const databricks = new WorkspaceServer(workspace);
  await databricks.start();
  const servers = new Map<string, LoopbackServer>();
  const engines: DatabricksEngine[] = [];
  const config = { url: databricks.url, credentials: { token: 'dapi-secret' }, cluster: { existing: '0923-c1' }, lookEveryMs: 20, callTimeoutMs: 30_000 };
  const parts: DatabricksParts = {
    config, book: new MemoryAttemptBook(), outbound: new OutboundHttp({ allow: new AllowList(['127.0.0.1']) }), deliver: () => Promise.resolve(),
    runner: () => bundle.bytes(), seal: paperSeal, clock: systemClock, chance: Math.random, log: silentLogger,
  };
  const again = (): DatabricksEngine => {
    engines.push(new ServedEngine(parts, servers));
    return engines.at(-1) as DatabricksEngine;
  };
  return {
    engine: again(),
    hasExitCodes: true,
    again,
    assignment: async (key, script) => {
      const [run = '', attempt] = key.split('-');
      const snapshot = aSnapshot([{ path: 'script.sh', content: script }]);
      const spec = { engine: 'databricks', args: ['sh', 'script.sh'], envs: [{ name: 'MARKS', value: marks }], algorithmSource: { snapshot: { digest: snapshot.digest } }, register: false };
      const order = anOrder({ run, attempt: Number(attempt), spec, token: `tyr_${key}` });
      const server = servers.get(key) ?? (await LoopbackServer.start(order));
      server.snapshots.set(snapshot.digest, snapshot.bytes);
      servers.set(key, server);
      return { order: { ...order, server: server.url }, resources: {}, image: undefined };
    },
    marks: () => readFile(marks, 'utf8').catch(() => ''),
    close: async () => {
      for (const engine of engines) await engine.close();
      for (const server of servers.values()) await server.stop();
      await databricks.stop();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
