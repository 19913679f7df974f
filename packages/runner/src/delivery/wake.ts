/** Lets one loop sleep until there is something to do. A wake-up while it is awake is kept for its next wait. */
export class Wake {
  #rung = false;
  #ring: (() => void) | undefined;

  signal(): void {
    this.#rung = true;
    this.#ring?.();
  }

  /** Returns after a signal, or when the time is up, or at once when it was signalled since the last wait. */
  async wait(timeoutMs: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#ring = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#ring = undefined;
    }
    this.#rung = false;
  }
}
