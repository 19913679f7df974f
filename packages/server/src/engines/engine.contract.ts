import { randomBytes } from 'node:crypto';
import type { Observation } from '@trainyard/core/training/decide.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Assignment, Engine } from './engine.ts';

export interface EngineUnderTest {
  readonly engine: Engine;
  /** A notebook has none: it just fails. */
  readonly hasExitCodes: boolean;
  /** Another instance on the same place, as after a restart of the server. */
  readonly again: () => Engine;
  /** An attempt that runs a shell script. `$MARKS` is a file the script may append to. */
  readonly assignment: (key: string, script: string) => Promise<Assignment>;
  /** What scripts appended to `$MARKS`. */
  readonly marks: () => Promise<string>;
  readonly close: () => Promise<void>;
}

const DEADLINE_MS = 60_000;

/** The laws of engine.ts; every engine runs this. */
export function engineContract(name: string, open: () => Promise<EngineUnderTest>): void {
  describe(`the engine ${name}`, () => {
    let under: EngineUnderTest;
    let engine: Engine;
    let key: string;
    beforeEach(async () => {
      under = await open();
      engine = under.engine;
      key = `${randomBytes(16).toString('hex')}-1`;
    });
    afterEach(async () => {
      await engine.kill(key);
      await engine.reap(key);
      await under.close();
    });

    async function submit(script: string): Promise<void> {
      await engine.submit(key, await under.assignment(key, script));
    }

    async function until(seen: (sight: Observation) => boolean | Promise<boolean>): Promise<Observation> {
      const deadline = performance.now() + DEADLINE_MS;
      for (;;) {
        const sight = await engine.observe(key);
        if (await seen(sight)) return sight;
        if (performance.now() > deadline) throw new Error(`still ${JSON.stringify(sight)}`);
        await new Promise((next) => setTimeout(next, 20));
      }
    }

    const ended = (): Promise<Observation> => until((sight) => sight.kind === 'exited');
    const marked = (text: string): Promise<Observation> => until(async () => (await under.marks()).includes(text));

    async function log(fromByte = 0): Promise<string> {
      let text = '';
      for await (const bytes of engine.logs(key, fromByte)) text += Buffer.from(bytes).toString('utf8');
      return text;
    }

    it('says how an attempt ended, well or not', async () => {
      await submit('exit 0');
      expect(await ended()).toMatchObject({ outcome: { ok: true } });
      await engine.reap(key);
      key = key.replace(/1$/, '2');
      await submit('exit 3');
      expect(await ended()).toMatchObject({ outcome: { ok: false, reason: 'exit_code', ...(under.hasExitCodes ? { exitCode: 3 } : {}) } });
    });

    it('starts one execution for one key, however often it is submitted and by whom', async () => {
      await Promise.all([submit('echo once >> "$MARKS"; sleep 0.2'), submit('echo once >> "$MARKS"; sleep 0.2')]);
      await under.again().submit(key, await under.assignment(key, 'echo once >> "$MARKS"'));
      await ended();
      await submit('echo once >> "$MARKS"');
      await ended();
      expect(await under.marks()).toBe('once\n');
    });

    it('says missing of the unknown, and stop, kill and reap of it succeed', async () => {
      expect(await engine.observe(key)).toEqual({ kind: 'missing' });
      await engine.stop(key, 100);
      await engine.kill(key);
      await engine.reap(key);
      expect(await engine.reports(key)).toEqual([]);
      expect(await log()).toBe('');
    });

    it('is adopted by the next server', async () => {
      await submit('echo started >> "$MARKS"; while [ ! -e "$MARKS.go" ]; do sleep 0.05; done');
      await marked('started');
      engine = under.again();
      expect(await engine.observe(key)).toEqual({ kind: 'active' });
      await engine.stop(key, 100);
      expect(await ended()).toMatchObject({ outcome: { ok: false } });
    });

    it('gives the log from any byte after the end', async () => {
      await submit('echo 0123456789');
      await ended();
      const whole = await log();
      expect(whole).toContain('0123456789\n');
      const from = whole.indexOf('56789');
      expect(await log(from)).toBe(whole.slice(from));
      expect((await engine.reports(key)).map((report) => report.kind)).toContain('step');
    });

    it('stops politely: the training can tidy up', async () => {
      await submit('trap "echo tidy >> \\"$MARKS\\"; exit 0" TERM; echo started >> "$MARKS"; while :; do sleep 0.05; done');
      await marked('started');
      await engine.stop(key, 30_000);
      expect(await ended()).toMatchObject({ outcome: { ok: false, reason: 'cancelled' } });
      expect(await under.marks()).toContain('tidy');
    });

    it('kills for good: also what ignores signals and what left its session', async () => {
      await submit('trap "" TERM; (setsid sh -c "trap \\"\\" TERM; while :; do echo alive >> \\"$MARKS\\"; sleep 0.05; done" &); echo started >> "$MARKS"; while :; do sleep 0.05; done');
      await marked('alive');
      await engine.kill(key);
      const before = await under.marks();
      expect((await ended()).kind).toBe('exited');
      await new Promise((next) => setTimeout(next, 200));
      expect(await under.marks()).toBe(before);
    });

    it('names what it holds, and holds nothing of what was reaped', async () => {
      expect(await engine.keys()).toEqual([]);
      await submit('echo started >> "$MARKS"; while :; do sleep 0.05; done');
      await marked('started');
      expect(await under.again().keys()).toEqual([key]);
      await engine.kill(key);
      await engine.reap(key);
      expect(await engine.keys()).toEqual([]);
      expect(await engine.observe(key)).toEqual({ kind: 'missing' });
    });
  });
}
