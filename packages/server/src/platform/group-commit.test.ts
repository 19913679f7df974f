import { describe, expect, it } from 'vitest';
import { GroupCommit, type Settled } from './group-commit.ts';

/** A batch function that stays open until it is released, and remembers what it was given. */
function gated() {
  const batches: number[][] = [];
  let release: () => void = () => undefined;
  let gate = Promise.resolve();
  return {
    batches,
    hold: () => (gate = new Promise((resolve) => (release = resolve))),
    release: () => release(),
    commit: async (items: readonly number[]) => {
      batches.push([...items]);
      await gate;
      return items.map((item): Settled<number> => (item < 0 ? { error: new Error(`no ${item}`) } : { value: item * 10 }));
    },
  };
}

describe('group commit', () => {
  it('commits the first call at once and gathers the others meanwhile', async () => {
    const work = gated();
    const group = new GroupCommit(work.commit);
    void work.hold();
    const answers = [1, 2, 3].map((item) => group.add(item));
    work.release();
    expect(await Promise.all(answers)).toEqual([10, 20, 30]);
    expect(work.batches).toEqual([[1], [2, 3]]);
  });

  it('fails only the item whose outcome is an error', async () => {
    const group = new GroupCommit(gated().commit);
    const answers = await Promise.allSettled([1, 2, -3, 4].map((item) => group.add(item)));
    expect(answers.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))).toEqual([10, 20, 'Error: no -3', 40]);
  });

  it('tries each item alone when the batch as a whole breaks', async () => {
    const seen: number[][] = [];
    const group = new GroupCommit<number, number>(async (items) => {
      seen.push([...items]);
      if (items.includes(3)) throw new Error('constraint');
      return items.map((value) => ({ value }));
    });
    const answers = await Promise.allSettled([1, 2, 3, 4].map((item) => group.add(item)));
    expect(answers.map((one) => one.status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(seen).toEqual([[1], [2, 3, 4], [2], [3], [4]]);
  });

  it('keeps to the limit and the order', async () => {
    const work = gated();
    const group = new GroupCommit(work.commit, { maxItems: 2 });
    await Promise.all([1, 2, 3, 4, 5].map((item) => group.add(item)));
    expect(work.batches).toEqual([[1], [2, 3], [4, 5]]);
  });

  it('drains what is under way and goes on afterwards', async () => {
    const work = gated();
    const group = new GroupCommit(work.commit);
    let done = 0;
    for (const item of [1, 2]) void group.add(item).then(() => done++);
    await group.drain();
    expect(done).toBe(2);
    expect(await group.add(7)).toBe(70);
  });

  it('refuses a batch function that forgets an item', async () => {
    const group = new GroupCommit<number, number>(async () => []);
    await expect(group.add(1)).rejects.toThrow('no outcome');
  });
});
