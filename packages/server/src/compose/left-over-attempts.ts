import type { Engine } from '../engines/engine.ts';
import type { QueueStore } from '../stores/runs.ts';

export interface LeftOver {
  readonly engine: Engine;
  readonly key: string;
}

/** What engines hold of attempts that are over. */
export async function leftOverAttempts(engines: Iterable<Engine>, queue: Pick<QueueStore, 'activeKeys'>): Promise<LeftOver[]> {
  const found = await Promise.all([...engines].map(async (engine) => (await engine.keys()).map((key) => ({ engine, key }))));
  // behind the engines: an attempt is active before an engine hears of it, and another server may begin one meanwhile
  const active = await queue.activeKeys();
  return found.flat().filter(({ key }) => !active.has(key));
}
