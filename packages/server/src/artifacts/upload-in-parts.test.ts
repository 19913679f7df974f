import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type PartedUpload, uploadInParts } from './upload-in-parts.ts';

const PART = 10;

/** A store that notes what it is asked, and takes a while for each part. */
function recorder(failing?: number) {
  const calls: string[] = [];
  let [busy, mostBusy] = [0, 0];
  const upload: PartedUpload<number> = {
    partBytes: PART,
    whole: async (bytes) => void calls.push(`whole ${bytes.length}`),
    start: async () => ({
      part: async (number, bytes) => {
        busy += 1;
        mostBusy = Math.max(mostBusy, busy);
        await new Promise((resolve) => setImmediate(resolve));
        busy -= 1;
        if (number === failing) throw new Error(`part ${number} was lost`);
        calls.push(`part ${number} ${bytes.length}`);
        return number;
      },
      complete: async (tags) => void calls.push(`complete ${tags.join()}`),
      abort: async () => void calls.push(`abort while ${busy} are busy`),
    }),
  };
  return { upload, calls, mostBusy: () => mostBusy };
}

const bytes = (length: number) => Readable.from([Buffer.alloc(length)]);

describe('an upload in parts', () => {
  it.each([[0, ['whole 0']], [9, ['whole 9']], [10, ['part 1 10', 'complete 1']], [11, ['part 1 10', 'part 2 1', 'complete 1,2']]])('sends %i bytes in as few calls as it takes', async (length, calls) => {
    const store = recorder();
    await uploadInParts(bytes(length), store.upload);
    expect(store.calls).toEqual(calls);
  });

  it('has only a few parts under way', async () => {
    const store = recorder();
    await uploadInParts(bytes(300), store.upload);
    expect([store.calls.length, store.calls.at(-1)?.split(',').length, store.mostBusy() <= 4]).toEqual([31, 30, true]);
  });

  it.each([1, 2, 30])('is aborted when part %i is lost, after the others have ended', async (failing) => {
    const store = recorder(failing);
    await expect(uploadInParts(bytes(300), store.upload)).rejects.toThrow(`part ${failing} was lost`);
    expect(store.calls.at(-1)).toBe('abort while 0 are busy');
  });

  it('is aborted when its source breaks, and throws what broke it', async () => {
    const store = recorder();
    async function* breaking() {
      yield Buffer.alloc(25);
      throw new Error('connection reset');
    }
    await expect(uploadInParts(breaking(), store.upload)).rejects.toThrow('connection reset');
    expect(store.calls.filter((call) => /abort|complete/.test(call))).toEqual(['abort while 0 are busy']);
  });
});
