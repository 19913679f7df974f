/** The sleep of a loop that polls: a wake-up ends it, also one that came while the loop was busy. */
export class WakeableSleep {
  #woken = false;
  #end: () => void = () => undefined;

  /** Ends the sleep at hand, or the next one before it begins. */
  wake(): void {
    this.#woken = true;
    this.#end();
  }

  /** At most `ms`. For one sleeper. */
  async sleep(ms: number): Promise<void> {
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#woken = false;
  }
}
