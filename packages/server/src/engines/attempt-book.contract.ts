import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AttemptBook } from './attempt-book.ts';

export interface BookUnderTest {
  readonly book: AttemptBook;
  /** The book of another engine on the same place. */
  readonly other: AttemptBook;
  readonly close: () => Promise<void>;
}

/** The laws of attempt-book.ts. */
export function attemptBookContract(name: string, open: () => Promise<BookUnderTest>): void {
  describe(`the attempt book ${name}`, () => {
    let under: BookUnderTest;
    let book: AttemptBook;
    beforeEach(async () => {
      under = await open();
      book = under.book;
    });
    afterEach(() => under.close());

    it('keeps what was added first', async () => {
      expect(await Promise.all([book.add('a-1', '{"by":1}'), book.add('a-1', '{"by":2}')])).toEqual([true, false]);
      expect(await book.find('a-1')).toEqual({ key: 'a-1', record: '{"by":1}', revision: 1 });
      expect(await book.find('b-1')).toBeUndefined();
    });

    it('takes a save only from who saw the last one', async () => {
      await book.add('a-1', '{}');
      expect(await book.save({ key: 'a-1', record: '{"n":1}', revision: 1 })).toBe(2);
      expect(await book.save({ key: 'a-1', record: '{"n":"late"}', revision: 1 })).toBeUndefined();
      expect(await book.find('a-1')).toEqual({ key: 'a-1', record: '{"n":1}', revision: 2 });
      expect(await book.save({ key: 'gone-1', record: '{}', revision: 1 })).toBeUndefined();
    });

    it('keeps a log beside the record, byte by byte, through later saves', async () => {
      const log = Uint8Array.from([0, 255, 10, 226, 130, 172]);
      await book.add('a-1', '{}');
      expect(await book.log('a-1')).toHaveLength(0);
      await book.save({ key: 'a-1', record: '{}', revision: 1 }, log);
      await book.save({ key: 'a-1', record: '{"n":2}', revision: 2 });
      expect([...(await book.log('a-1'))]).toEqual([...log]);
      expect(await book.log('b-1')).toHaveLength(0);
    });

    it('lists its own and forgets what was removed', async () => {
      await book.add('a-1', '{}');
      await book.add('b-1', '{}');
      await under.other.add('a-1', '{"other":true}');
      await book.remove('a-1');
      await book.remove('gone-1');
      expect((await book.list()).map(({ key }) => key)).toEqual(['b-1']);
      expect((await under.other.list()).map(({ key }) => key)).toEqual(['a-1']);
    });
  });
}
