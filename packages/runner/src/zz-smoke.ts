import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LoopbackServer } from '@trainyard/testkit/loopback-server.ts';
import { anOrder } from '@trainyard/testkit/an-order.ts';
import { aSnapshot } from '@trainyard/testkit/a-snapshot.ts';
import { startRunner } from '@trainyard/testkit/runner-process.ts';
import { writeOrder } from './attempt-dir.ts';
const root = await mkdtemp('/tmp/m/s/');
for (let i = 0; i < 5; i++) {
  const source = aSnapshot([{ path: 'train.mjs', text: 'console.log("AT", Date.now()); ' }]);
  const order0 = anOrder({ spec: { args: [process.execPath, 'train.mjs'], algorithmSource: { snapshot: { digest: source.digest } }, hyperParameters: {alpha: 0.5} } });
  const server = await LoopbackServer.start(order0);
  server.snapshots.set(source.digest, source.bytes);
  const order = { ...order0, server: server.url };
  const dir = join(root, String(i));
  await writeOrder(dir, order);
  const t0 = Date.now();
  const runner = startRunner({ main: new URL(process.env['MAIN'] ?? './main.ts', import.meta.url), dir, cacheDir: join(root, 'cache'), mark: `${order.run}-1` });
  const code = await runner.ended;
  const t1 = Date.now();
  const at = Number(/AT (\d+)/.exec(server.log.toString())?.[1]);
  console.log(process.env['V'] ? { code, toFirstLine: at - t0, all: t1 - t0, steps: server.steps.join(), outcome: JSON.stringify(server.outcome), stderr: runner.stderr, unexpected: server.unexpected } : [at-t0, t1-t0, (server.reports[0]?.at ?? 0)-t0, server.reports.filter(r => r.kind==='step').map(r => r.at - t0).join()]);
  if (process.env['V']) console.log(server.log.toString(), server.facts, server.tracking.params, server.tracking.tags, server.reports, await readFile(join(dir,'acknowledged'),'utf8'));
  await server.stop();
}
