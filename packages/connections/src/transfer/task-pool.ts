/** Runs tasks side by side, a bounded number at once. The first failure stops the taking of further ones. */
export class TaskPool {
  readonly #atOnce: number;
  readonly #busy = new Set<Promise<void>>();
  readonly #onFailure: (error: unknown) => void;
  #failure: { readonly error: unknown } | undefined;

  constructor(atOnce: number, onFailure: (error: unknown) => void) {
    [this.#atOnce, this.#onFailure] = [atOnce, onFailure];
  }

  /** Resolves when the task has begun: whoever finds tasks cannot run ahead of those who do them. Throws the first failure. */
  async start(task: () => Promise<void>): Promise<void> {
    while (this.#busy.size >= this.#atOnce && this.#failure === undefined) await Promise.race(this.#busy);
    this.#throwFailure();
    const running = task().then(
      () => void this.#busy.delete(running),
      (error: unknown) => {
        this.#busy.delete(running);
        if (this.#failure !== undefined) return;
        this.#failure = { error };
        this.#onFailure(error);
      },
    );
    this.#busy.add(running);
  }

  /** When nothing runs any more. Throws the first failure. */
  async end(): Promise<void> {
    await Promise.all(this.#busy);
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
