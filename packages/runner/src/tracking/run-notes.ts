import { closeSync, openSync } from 'node:fs';
import { messageOf } from '@trainyard/core/errors.ts';
import type { Pair } from '@trainyard/core/tracking/batch.ts';
import { MOST_NOTED, parametersToNote } from '@trainyard/core/tracking/parameters-to-note.ts';
import type { Attempt } from '../attempt.ts';
import { pause } from '../server/backoff.ts';
import type { Patience } from '../server/persistent-call.ts';
import { MetricsFile } from './metrics-file.ts';
import { type LogBatch, TrackingRefused } from './tracking-api.ts';

/** A server that is away does not keep a training from starting; what is to be noted arrives when it is back. */
const READY_WAIT_MS = 2000;
/** What a training that failed has measured is worth this much waiting; one that succeeded needs the server anyway. */
const FAILED_PATIENCE_MS = 10_000;
/** A value that is refused, and values that are too much for one call; anything else is refused again with other values. */
const ABOUT_A_VALUE = [400, 413];
const SHOWN_NAME = 50;

/**
 * What is noted on the run: parameters and tags as soon as they are known, metrics while the program writes them to a file.
 * Noting is about the training, it is not the training: what cannot be noted is a warning.
 */
export class RunNotes {
  readonly #attempt: Attempt;
  readonly #hurry = new AbortController();
  readonly #patience: Patience;
  readonly #noted: Promise<void>;
  #metrics: MetricsFile | undefined;

  /** Begins to note these at once. */
  constructor(attempt: Attempt, params: Readonly<Record<string, string>>, tags: Readonly<Record<string, string>>) {
    this.#attempt = attempt;
    this.#patience = { signal: AbortSignal.any([attempt.over, this.#hurry.signal]), patienceMs: attempt.order.limits.deliverForMs };
    // not masked: the server has the parameters from the training itself, and a program that logs one as well must log the same
    this.#noted = this.#note('the parameters and tags of the run', { params, tags });
  }

  /** Returns when parameters and tags are noted, or when waiting longer would only keep the program from starting. */
  async ready(): Promise<void> {
    const waited = new AbortController();
    await Promise.race([this.#noted, pause(READY_WAIT_MS, AbortSignal.any([this.#attempt.signal, waited.signal]))]);
    waited.abort();
  }

  /** Follows a metrics file, which is made when it is not there. */
  follow(path: string): void {
    closeSync(openSync(path, 'a'));
    this.#metrics = new MetricsFile({ path, warn: (line) => this.#attempt.log.warn(line), send: (metrics) => this.#note('some metrics', { metrics }) });
  }

  /** Adds those the program did not log itself: one of its own in other words is refused, and stays. */
  async addMissing(params: Readonly<Record<string, string>>): Promise<void> {
    const { over, log } = this.#attempt;
    const { batches, unfit, omitted } = parametersToNote(params);
    if (unfit.length > 0) log.warn(`parameters whose names MLflow does not take are not noted: ${unfit.length}, the first is ${JSON.stringify(unfit[0]?.slice(0, SHOWN_NAME))}`);
    if (omitted > 0) log.warn(`only the first ${MOST_NOTED} parameters are noted, ${omitted} are not`);
    try {
      for (const batch of batches) {
        if (await this.#isTaken(batch)) continue;
        // one of them is refused: the others are not to go with it
        for (const pair of batch) await this.#isTaken([pair]);
      }
    } catch (error) {
      if (!over.aborted) log.warn(`not all parameters could be noted: ${messageOf(error)}`);
    }
  }

  async #isTaken(pairs: readonly Pair[]): Promise<boolean> {
    const { tracking, over } = this.#attempt;
    try {
      await tracking.logBatch({ params: Object.fromEntries(pairs.map(({ key, value }) => [key, value])) }, { signal: over, patienceMs: FAILED_PATIENCE_MS });
      return true;
    } catch (error) {
      if (error instanceof TrackingRefused && ABOUT_A_VALUE.includes(error.status)) return false;
      throw error;
    }
  }

  /** Sends the rest. */
  async finish(succeeded: boolean): Promise<void> {
    const hurry = succeeded ? undefined : setTimeout(() => this.#hurry.abort(), FAILED_PATIENCE_MS);
    await Promise.all([this.#noted, this.#metrics?.finish()]);
    clearTimeout(hurry);
  }

  async #note(what: string, batch: LogBatch): Promise<void> {
    const { tracking, log, over } = this.#attempt;
    try {
      await tracking.logBatch(batch, this.#patience);
    } catch (error) {
      if (over.aborted) return;
      const why = error instanceof TrackingRefused ? `the server refused: ${error.message}` : this.#hurry.signal.aborted ? 'the server did not come back in time' : messageOf(error);
      log.warn(`${what} could not be noted: ${why}`);
    }
  }
}
