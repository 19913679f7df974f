import { EventEmitter, once } from 'node:events';

/** Wakes those who wait for a topic inside this process. Only a hint: whoever waits looks again after its time-out anyway. */
export class Hub {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  notify(topic: string): void {
    this.#emitter.emit(topic);
  }

  /** Calls the listener at every notice of the topic, until the function that is answered is called. */
  listen(topic: string, listener: () => void): () => void {
    this.#emitter.on(topic, listener);
    return () => void this.#emitter.off(topic, listener);
  }

  /** Until the topic is notified, `ms` are over or the signal is aborted, whichever is first. Never rejects. */
  async wait(topic: string, ms: number, signal?: AbortSignal): Promise<void> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), ms);
    const either = signal === undefined ? timeout.signal : AbortSignal.any([timeout.signal, signal]);
    try {
      await once(this.#emitter, topic, { signal: either });
    } catch (error) {
      if (!either.aborted) throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
