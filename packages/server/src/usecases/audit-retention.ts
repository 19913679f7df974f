import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@trainyard/core/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { AuditStore } from '../stores/audit.ts';

interface Needs {
  readonly store: Pick<AuditStore, 'forget'>;
  /** How long records are kept. */
  readonly keepMs: number;
  readonly now: () => number;
  readonly log: Logger;
}

const EVERY_MS = 60 * 60_000;
/** At once: other writers wait that long and no longer. */
const PART = 1_000;

/** Forgets what is too old in the audit log, a small part at a time. */
export class AuditRetention {
  readonly #needs: Needs;
  readonly #closing = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#closing.abort();
    await this.#loop;
  }

  /** Answers how many records are gone. */
  async forget(): Promise<number> {
    const { store, keepMs, now } = this.#needs;
    let gone = 0;
    while (!this.#closing.signal.aborted) {
      const part = await store.forget(now() - keepMs, PART);
      gone += part;
      if (part < PART) break;
      // an embedded database deletes on this thread
      await setImmediate();
    }
    return gone;
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        const gone = await this.forget();
        if (gone > 0) this.#needs.log.info({ gone }, 'old records of the audit log');
        await sleep(EVERY_MS, undefined, { signal: this.#closing.signal, ref: false });
      } catch (error) {
        if (!this.#closing.signal.aborted) this.#needs.log.warn({ problem: messageOf(error) }, 'could not tidy the audit log');
        await sleep(EVERY_MS, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined);
      }
    }
  }
}
