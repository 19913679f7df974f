import { FakeEngine } from '@trainyard/testkit/engines/fake-engine.ts';
import { expect, it } from 'vitest';
import { leftOverAttempts } from './left-over-attempts.ts';

/** Another server begins an attempt while this one looks. */
class BusyEngine extends FakeEngine {
  readonly active = new Set<string>();

  override async keys(): Promise<string[]> {
    this.active.add('new-1');
    this.sights.set('new-1', { kind: 'active' });
    return super.keys();
  }
}

it('what an engine holds of attempts that are over is left over, and nothing that another server began meanwhile', async () => {
  const engine = new BusyEngine();
  for (const key of ['over-1', 'running-1']) engine.sights.set(key, { kind: 'active' });
  engine.active.add('running-1');
  const found = await leftOverAttempts([engine], { activeKeys: () => Promise.resolve(new Set(engine.active)) });
  expect(found).toEqual([{ engine, key: 'over-1' }]);
});
