import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { LogStore } from './log-store.ts';

const MEGABYTE = 1024 * 1024;

let root: string;
let store: LogStore;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trainyard-logs-'));
  store = new LogStore(root, 4 * MEGABYTE);
});

const name = { runId: 'b'.repeat(32), attempt: 1 };

async function* pieces(...texts: string[]): AsyncIterable<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

/** An upload whose end does not come until it is told to. */
class EndlessWait {
  readonly #waiting = Promise.withResolvers<void>();

  async *behind(...blocks: Uint8Array[]): AsyncIterable<Uint8Array> {
    yield* blocks;
    await this.#waiting.promise;
  }

  end(): void {
    this.#waiting.resolve();
  }
}

async function whole(from = 0, log = name): Promise<string> {
  let text = '';
  for await (const block of store.read(log, from, await store.size(log))) text += block.toString();
  return text;
}

describe('a log', () => {
  it('is empty before its first byte and is read from any byte', async () => {
    expect([await store.size(name), await whole()]).toEqual([0, '']);
    expect(await store.append(name, 0, pieces('hello ', 'world'))).toBe(11);
    expect([await whole(), await whole(6)]).toEqual(['hello world', 'world']);
  });

  it('counts bytes that are sent again once', async () => {
    await store.append(name, 0, pieces('0123'));
    expect(await store.append(name, 0, pieces('01', '23'))).toBe(4);
    expect(await store.append(name, 2, pieces('2', '34', '5'))).toBe(6);
    expect(await whole()).toBe('012345');
  });

  it('is nobody\'s while the bytes of an upload are waited for', async () => {
    const stall = new EndlessWait();
    const stalled = store.append(name, 0, stall.behind(Buffer.alloc(MEGABYTE, 'a'), Buffer.from('bcd')));
    await expect.poll(() => store.size(name), { timeout: 30_000 }).toBe(MEGABYTE);
    expect(await store.append(name, MEGABYTE, pieces('bc'))).toBe(MEGABYTE + 2);
    stall.end();
    // what was read before the stall counts as sent again
    expect(await stalled).toBe(MEGABYTE + 3);
    expect(await whole(MEGABYTE)).toBe('bcd');
  });

  it('keeps what fits, and says that it is full however often more is sent', async () => {
    const small = new LogStore(root, 10);
    expect(await small.append(name, 0, pieces('01234567'))).toBe(8);
    for (const offset of [8, 8, 0]) await expect(small.append(name, offset, pieces('x'.repeat(8 - offset), '89ab'))).rejects.toMatchObject({ code: 'TOO_LARGE', params: { limit: 10 } });
    expect(await whole()).toBe('0123456789');
    // what is there already may be sent again, as ever
    expect(await small.append(name, 6, pieces('6789'))).toBe(10);
  });

  it.each([
    ['0193e4a1b2c37f000000000000000abc', 'bc'],
    ['f193e4a1b2c34f000000000000000abc', 'f1'],
  ])('of the run %s lies in the directory %s', async (runId, shard) => {
    await store.append({ runId, attempt: 3 }, 0, pieces('x'));
    expect(readFileSync(join(root, shard, runId, '3.log'), 'utf8')).toBe('x');
  });

  it('refuses a gap and says what comes next', async () => {
    await store.append(name, 0, pieces('0123'));
    await expect(store.append(name, 9, pieces('9'))).rejects.toMatchObject({ code: 'LOG_GAP', params: { expected: 4 } });
  });

  it('keeps appends that arrive together in order', async () => {
    const answers = await Promise.allSettled([store.append(name, 0, pieces('aaaa')), store.append(name, 4, pieces('bbbb')), store.append(name, 2, pieces('aabbbb'))]);
    expect(answers.map((answer) => answer.status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    expect(await whole()).toBe('aaaabbbb');
  });

  it.each([
    ['a\nb\nc\n', 1, 'c\n'],
    ['a\nb\nc\n', 2, 'b\nc\n'],
    ['a\nb\nc', 1, 'c'],
    ['a\nb\nc', 9, 'a\nb\nc'],
    ['\n\n', 1, '\n'],
    ['', 3, ''],
    ['a\n', 0, ''],
  ])('gives of %j the last %i lines', async (text, lines, tail) => {
    await store.append(name, 0, pieces(text));
    expect(await whole(await store.tailOffset(name, lines))).toBe(tail);
  });

  it('finds the tail of any text as splitting it would', async () => {
    let attempt = 1;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: fc.constantFrom('x', '\n'), maxLength: 30 }), { maxLength: 5 }), fc.integer({ min: 1, max: 10 }), async (texts, lines) => {
        const log = { ...name, attempt: ++attempt };
        const text = texts.join('');
        await store.append(log, 0, pieces(text));
        const parts = text.split(/(?<=\n)/);
        expect(await whole(await store.tailOffset(log, lines), log)).toBe(text === '' ? '' : parts.slice(-lines).join(''));
      }),
      { numRuns: 100 },
    );
  });

  it.each(['../../etc', 'B'.repeat(32), '', 'b'.repeat(31)])('has no place for the run %j', async (runId) => {
    await expect(store.append({ runId, attempt: 1 }, 0, pieces('x'))).rejects.toMatchObject({ code: 'INVALID_PATH' });
  });
});
