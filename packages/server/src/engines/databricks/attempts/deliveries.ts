import { isTrainyardError, messageOf } from '@trainyard/core/errors.ts';
import type { Report } from '@trainyard/core/training/outcome.ts';
import type { Logger } from '../../../platform/logger.ts';
import type { AttemptRecord } from './attempt-record.ts';
import type { Clock } from '../clock.ts';
import { Lane } from '../background/lane.ts';

/** Takes reports as the server takes those of a runner. Rejects with STALE_ATTEMPT when the attempt is over. */
export type Deliver = (delivery: Delivery) => Promise<void>;

export interface Delivery {
  readonly key: string;
  readonly reports: readonly Report[];
  /** A runner reports about the attempt as well, and its reports have the numbers; these are facts and notes beside them. */
  readonly besideRunner: boolean;
}

export interface DeliveryParts {
  readonly deliver: Deliver;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const WIDTH = 16;

/**
 * Tells the server what became known, as a runner would. Reports are numbered and taken once; all of an attempt also come with
 * `Engine.reports` at its end, so that one that is not delivered is late, never lost.
 */
export class Deliveries {
  readonly #parts: DeliveryParts;
  readonly #lane: Lane;
  readonly #pending = new Map<string, Delivery>();
  readonly #delivered = new Map<string, number>();
  readonly #underWay = new Set<Promise<void>>();

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
    this.#lane = new Lane({ ...parts, width: WIDTH, work: (key) => this.#deliver(key), failed: (key, error) => parts.log.warn({ key, error: messageOf(error) }, 'reports of an attempt could not be delivered yet') });
  }

  add({ key, reports: all, runner }: AttemptRecord): void {
    const besideRunner = runner !== undefined;
    const reports = besideRunner ? all.filter(({ kind }) => kind === 'facts' || kind === 'note') : all;
    if (reports.length === (this.#delivered.get(key) ?? 0)) return;
    this.#pending.set(key, { key, reports, besideRunner });
    this.#lane.add(key);
  }

  /** Nothing more of it is told. */
  drop(key: string): void {
    this.#pending.delete(key);
    this.#delivered.delete(key);
  }

  /** Once what is under way has been taken. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  async #deliver(key: string): Promise<undefined> {
    const pending = this.#pending.get(key);
    if (pending === undefined) return;
    const { reports } = pending;
    const last = this.#delivered.get(key) ?? 0;
    const delivered = this.#parts.deliver({ ...pending, reports: reports.slice(last) });
    this.#underWay.add(delivered);
    try {
      await delivered;
    } catch (error) {
      // over for the server: it wants no more of it
      if (!isTrainyardError(error) || error.code !== 'STALE_ATTEMPT') throw error;
    } finally {
      this.#underWay.delete(delivered);
    }
    if (this.#pending.get(key) === pending) this.#pending.delete(key);
    if (reports.at(-1)?.kind === 'outcome') this.#delivered.delete(key);
    else this.#delivered.set(key, reports.length);
  }
}
