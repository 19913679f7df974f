import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anOrder } from '@trainyard/testkit/an-order.ts';
import { FakeWorkspace } from '@trainyard/testkit/fake-databricks/fake-workspace.ts';
import { runShell } from '@trainyard/testkit/fake-databricks/shell-notebook.ts';
import { WorkspaceServer } from '@trainyard/testkit/fake-databricks/workspace-server.ts';
import { MemoryAttemptBook } from '@trainyard/testkit/fake-databricks/memory-attempt-book.ts';
import { paperSeal } from '@trainyard/testkit/fake-databricks/paper-seal.ts';
import { silentLogger } from '@trainyard/testkit/silent-logger.ts';
import { AllowList } from '../../platform/outbound/allow-list.ts';
import { OutboundHttp } from '../../platform/outbound/outbound-http.ts';
import { type EngineUnderTest, engineContract } from '../engine.contract.ts';
import { systemClock } from './clock.ts';
import { DatabricksEngine } from './engine.ts';

engineContract('databricks, notebooks', open);

/** The real client over loopback, and notebooks that are really carried out: as shell scripts. */
async function open(): Promise<EngineUnderTest> {
  const dir = mkdtempSync(join(tmpdir(), 'trainyard-databricks-'));
  const marks = join(dir, 'marks');
  const workspace = new FakeWorkspace();
  workspace.credentials.accept('dapi-secret');
  workspace.clusters.put('0923-c1', { state: 'RUNNING' });
  workspace.runs.plan = ({ parameters }) => ({ execute: (run) => runShell(parameters['script'] ?? '', { mark: run.request.idempotency_token ?? '', env: { MARKS: marks }, graceMs: 1_000 }) });
  const server = new WorkspaceServer(workspace);
  await server.start();
  const book = new MemoryAttemptBook();
  const outbound = new OutboundHttp({ allow: new AllowList(['127.0.0.1']) });
  const engines: DatabricksEngine[] = [];
  const again = (): DatabricksEngine => {
    const config = { url: server.url, credentials: { token: 'dapi-secret' }, cluster: { existing: '0923-c1' }, lookEveryMs: 20, callTimeoutMs: 30_000 };
    const engine = new DatabricksEngine({ config, outbound, book, deliver: () => Promise.resolve(), runner: () => Promise.reject(new Error('no notebook needs it')), seal: paperSeal, clock: systemClock, chance: Math.random, log: silentLogger });
    engines.push(engine);
    return engine;
  };
  return {
    engine: again(),
    hasExitCodes: false,
    again,
    assignment: (key, script) => {
      const [run = '', attempt] = key.split('-');
      const spec = { toolchain: 'notebook', engine: 'databricks', args: [], algorithmSource: { notebook: { path: '/Train' } }, hyperParameters: { script } };
      return Promise.resolve({ order: anOrder({ run, attempt: Number(attempt), spec }), resources: {}, image: undefined });
    },
    marks: () => readFile(marks, 'utf8').catch(() => ''),
    close: async () => {
      for (const engine of engines) await engine.close();
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
