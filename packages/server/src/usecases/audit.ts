import type { Logger } from '../platform/logger.ts';
import { GroupCommit, type Settled } from '../platform/group-commit.ts';
import type { AuditEntry, AuditFilter, AuditOutcome, AuditRecord, AuditStore } from '../stores/audit.ts';

export type { AuditOutcome, AuditRecord };

interface Needs {
  readonly store: AuditStore;
  readonly now: () => number;
  readonly log: Logger;
}

const SOON_MS = 1_000;

/** Who did what, and who was refused. What `record` answered is on disk. */
export class AuditLog {
  readonly #needs: Needs;
  readonly #entries: GroupCommit<AuditEntry, void>;
  readonly #soon: AuditEntry[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#entries = new GroupCommit(async (entries) => {
      await needs.store.append(entries);
      return entries.map((): Settled<void> => ({ value: undefined }));
    });
  }

  record(entry: Omit<AuditEntry, 'at'>): Promise<void> {
    return this.#entries.add({ ...entry, at: this.#needs.now() });
  }

  /** The same within a second: for calls that must not wait for it, and that leave another trace of what they did. */
  recordSoon(entry: Omit<AuditEntry, 'at'>): void {
    this.#soon.push({ ...entry, at: this.#needs.now() });
    this.#timer ??= setTimeout(() => void this.#flush(), SOON_MS).unref();
  }

  /** The newest first. */
  list(filter: AuditFilter): Promise<AuditRecord[]> {
    return this.#needs.store.list(filter);
  }

  /** Resolves when everything is written down. */
  async drain(): Promise<void> {
    await this.#flush();
    await this.#entries.drain();
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const entries = this.#soon.splice(0);
    try {
      await Promise.all(entries.map((entry) => this.#entries.add(entry)));
    } catch (error) {
      this.#needs.log.error({ error, calls: entries.length }, 'calls could not be put down in the audit log');
    }
  }
}
