/** Hands many small calls to one batch function, so that they share what is dear about it (one commit, one fsync). */

/** What became of one item. */
export type Settled<O> = { readonly value: O } | { readonly error: unknown };

/**
 * Does the work of all items at once. Answers one outcome per item, in their order: an item that is wrong by itself is an
 * `error` and leaves the others alone. When it throws, nothing of the batch may have been kept.
 */
export type CommitBatch<I, O> = (items: readonly I[]) => Promise<readonly Settled<O>[]>;

interface Waiting<I, O> {
  readonly item: I;
  readonly resolve: (value: O) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Collects what is added while one batch is being committed, then hands all of it to the batch function together.
 * An idle group commits at once: nobody waits for company. Laws:
 *  1. Batches run one after the other, items in the order in which they were added.
 *  2. An `error` outcome fails that one call. When the batch function throws, each item is tried again alone, so only the
 *     items that cannot be committed by themselves fail.
 *  3. `add` settles only after the commit it was part of has settled.
 */
export class GroupCommit<I, O> {
  readonly #commit: CommitBatch<I, O>;
  readonly #maxItems: number;
  #waiting: Waiting<I, O>[] = [];
  #running: Promise<void> | undefined;

  /** At most `maxItems` go into one batch; the rest waits for the next one. */
  constructor(commit: CommitBatch<I, O>, options: { readonly maxItems?: number } = {}) {
    this.#commit = commit;
    this.#maxItems = options.maxItems ?? 1000;
  }

  add(item: I): Promise<O> {
    const settled = new Promise<O>((resolve, reject) => this.#waiting.push({ item, resolve, reject }));
    this.#running ??= this.#run();
    return settled;
  }

  /** Resolves when everything that was added has settled. */
  async drain(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#maxItems);
      if (!(await this.#settle(batch))) for (const one of batch) await this.#settle([one]);
      await lettingIn(batch.length);
    }
    this.#running = undefined;
  }

  /** False when several items failed together and each has to be tried alone. */
  async #settle(batch: readonly Waiting<I, O>[]): Promise<boolean> {
    let outcomes: readonly Settled<O>[];
    try {
      outcomes = await this.#commit(batch.map((one) => one.item));
    } catch (error) {
      if (batch.length > 1) return false;
      batch[0]?.reject(error);
      return true;
    }
    for (const [index, one] of batch.entries()) {
      const outcome = outcomes[index] ?? { error: new Error('the batch function gave no outcome for this item') };
      if ('error' in outcome) one.reject(outcome.error);
      else one.resolve(outcome.value);
    }
    return true;
  }
}

/**
 * An embedded database commits on this thread: whoever came meanwhile stands behind the event loop. One turn of it lets in all
 * who ask, but of those who connect one only: behind a batch of many, in which such a turn is nothing, they get some more.
 */
async function lettingIn(committed: number): Promise<void> {
  for (let turn = 0; turn <= committed / 8; turn++) await new Promise((next) => setImmediate(next));
}
