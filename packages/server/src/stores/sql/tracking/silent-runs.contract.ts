import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TrackingRunStore, TrackingStore } from '../../tracking.ts';

/** Runs that nobody has ended: found, ended when they are lost, and back with the next write. */
export function silentRunsContract(name: string, open: () => Promise<TrackingStore>): void {
  describe(`runs that nobody has ended, on ${name}`, () => {
    let runs: TrackingRunStore;
    beforeEach(async () => void ({ runs } = await open()));

    const aRun = async (tags: Readonly<Record<string, string>> = {}): Promise<string> => {
      const id = randomBytes(16).toString('hex');
      await runs.create({ id, experimentId: '0', name: 'mine', userId: '', startTime: 1, creatorRun: null, tags: Object.entries(tags).map(([key, value]) => ({ key, value })) });
      return id;
    };
    const lastSeen = async (id: string): Promise<number> => (await runs.findInfo(id))?.lastSeenAt ?? 0;
    const lose = async (id: string) => runs.endLost([{ id, lastSeenAt: await lastSeen(id), reason: 'host_lost: silent' }]);

    it('are found with what they promised, page by page, and not once they have ended', async () => {
      const ids = [await aRun({ 'trainyard.heartbeat': '30s' }), await aRun()].toSorted();
      const ended = await aRun();
      await runs.update(ended, { status: 'FINISHED', endTime: 2 });
      const found = [];
      for (let after = ''; ; ) {
        const [one] = await runs.open({ after, limit: 1 });
        if (one === undefined) break;
        found.push(one);
        after = one.id;
      }
      const mine = found.filter(({ id }) => [...ids, ended].includes(id));
      expect(mine.map(({ id }) => id)).toEqual(ids);
      expect(new Set(mine.map(({ promise }) => promise))).toEqual(new Set(['30s', undefined]));
      for (const { id, lastSeenAt } of mine) expect(lastSeenAt).toBe(await lastSeen(id));
    });

    it('are FAILED with the reason when they are lost, at the moment they were last seen', async () => {
      const id = await aRun();
      const seen = await lastSeen(id);
      expect([await lose(id), await lose(id)]).toEqual([1, 0]);
      expect(await runs.find(id)).toMatchObject({ status: 'FAILED', endTime: seen, tags: [{ key: 'trainyard.reason', value: 'host_lost: silent' }] });
    });

    it('are not lost when they were written to meanwhile', async () => {
      const id = await aRun();
      expect(await runs.endLost([{ id, lastSeenAt: (await lastSeen(id)) - 1, reason: 'late' }])).toBe(0);
      expect(await runs.findInfo(id)).toMatchObject({ status: 'RUNNING', endTime: null });
    });

    it.each([
      ['a metric', (id: string) => runs.log({ runId: id, metrics: [{ key: 'm', value: 1, timestamp: 1, step: 0 }], params: [], tags: [] })],
      ['a tag', (id: string) => runs.log({ runId: id, metrics: [], params: [], tags: [{ key: 't', value: 'v' }] })],
      ['a new name', (id: string) => runs.update(id, { name: 'other' })],
    ])('are RUNNING again, without the reason, with %s', async (_, write) => {
      const id = await aRun();
      await lose(id);
      await write(id);
      const run = await runs.find(id);
      expect(run).toMatchObject({ status: 'RUNNING', endTime: null });
      expect(run?.tags.map(({ key }) => key)).not.toContain('trainyard.reason');
    });

    it('end as their client says, also when they were lost before', async () => {
      const id = await aRun();
      await lose(id);
      await runs.update(id, { status: 'FINISHED', endTime: 77 });
      expect(await runs.find(id)).toMatchObject({ status: 'FINISHED', endTime: 77, tags: [] });
    });
  });
}
