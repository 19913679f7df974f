import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aSnapshot } from '@trainyard/testkit/a-snapshot.ts';
import { anOrder } from '@trainyard/testkit/an-order.ts';
import { LoopbackServer } from '@trainyard/testkit/loopback/server.ts';
import { runnerEnvironment } from '../../config/runner-environment.ts';
import { type EngineUnderTest, engineContract } from '../engine.contract.ts';
import { LocalEngine } from './engine.ts';

engineContract('local', open);

async function open(): Promise<EngineUnderTest> {
  const dir = mkdtempSync(join(tmpdir(), 'trainyard-local-'));
  const marks = join(dir, 'marks');
  const servers: LoopbackServer[] = [];
  const config = { attemptsDir: join(dir, 'attempts'), cacheDir: join(dir, 'cache'), runnerFile: fileURLToPath(import.meta.resolve('@trainyard/runner/main.ts')), env: runnerEnvironment(process.env) };
  return {
    engine: new LocalEngine(config),
    hasExitCodes: true,
    again: () => new LocalEngine(config),
    assignment: async (key, script) => {
      const [run = '', attempt] = key.split('-');
      const snapshot = aSnapshot([{ path: 'script.sh', content: script }]);
      const spec = { args: ['sh', 'script.sh'], envs: [{ name: 'MARKS', value: marks }], algorithmSource: { snapshot: { digest: snapshot.digest } }, register: false };
      const order = anOrder({ run, attempt: Number(attempt), spec });
      const server = await LoopbackServer.start(order);
      server.snapshots.set(snapshot.digest, snapshot.bytes);
      servers.push(server);
      return { order: { ...order, server: server.url }, resources: {}, image: undefined };
    },
    marks: () => readFile(marks, 'utf8').catch(() => ''),
    close: async () => {
      for (const server of servers) await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
