/** Work with the same key goes one after another, in the order it came; work with different keys does not wait for each other. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Answers what the work answers. Work that fails does not keep what comes behind it. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(key) ?? Promise.resolve()).then(work);
    const settled = turn.catch(() => undefined);
    this.#last.set(key, settled);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    }
  }
}
