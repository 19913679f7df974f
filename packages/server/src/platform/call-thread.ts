/** Calls functions in a worker thread that starts with the first call and ends when nobody calls it any more. */
import { Worker } from 'node:worker_threads';
import { type ErrorCode, type ErrorParams, isTrainyardError, messageOf, TrainyardError } from '@trainyard/core/errors.ts';

export interface Call {
  readonly id: number;
  readonly name: string;
  readonly args: unknown;
}

export type CallAnswer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: SentError };

/** What is left of an error when it has crossed over: one of ours stays what it is, of others the text and the stack. */
export interface SentError {
  readonly code?: ErrorCode | undefined;
  readonly params?: ErrorParams | undefined;
  readonly problems?: readonly string[] | undefined;
  readonly message: string;
  readonly stack?: string | undefined;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** How long a thread waits for another call: each one holds some 25 MB. */
const IDLE_MS = 30_000;

/**
 * Laws:
 *  1. A call settles once, with what the function answered or threw, or with an error when the thread has died under it. What it
 *     had done until then may or may not have happened.
 *  2. A thread that has died is replaced by the next call.
 *  3. A thread without calls does not keep the process alive.
 */
export class CallThread {
  readonly #file: URL;
  readonly #data: unknown;
  readonly #idleMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #lastId = 0;
  readonly #whenIdle: (() => void)[] = [];
  #idle: NodeJS.Timeout | undefined;

  /** `file` calls `answerCalls`; `data` is its `workerData`. */
  constructor(file: URL, data: unknown, options: { readonly idleMs?: number } = {}) {
    this.#file = file;
    this.#data = data;
    this.#idleMs = options.idleMs ?? IDLE_MS;
  }

  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /** Arguments and answers are copied as `structuredClone` does. */
  call(name: string, args: unknown): Promise<unknown> {
    clearTimeout(this.#idle);
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const id = ++this.#lastId;
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    worker.ref();
    worker.postMessage({ id, name, args } satisfies Call);
    return answer;
  }

  /** Ends the thread once it has answered what it was asked. */
  async close(): Promise<void> {
    while (this.#waiting.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    await this.#end();
  }

  #start(): Worker {
    const worker = new Worker(this.#file, { workerData: this.#data });
    worker.on('message', (answer: CallAnswer) => this.#take(answer));
    worker.once('error', (error) => this.#lose(worker, error));
    worker.once('exit', () => this.#lose(worker, new Error('the thread ended')));
    return worker;
  }

  #take(answer: CallAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(received(answer.error));
    else waiting?.resolve(answer.value);
    if (this.#waiting.size > 0) return;
    this.#worker?.unref();
    this.#idle = setTimeout(() => void this.#end(), this.#idleMs);
    this.#idle.unref();
    this.#tellIdle();
  }

  #tellIdle(): void {
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker === undefined) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage('end');
    await ended;
  }

  #lose(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of lost) reject(new Error(`a thread died: ${messageOf(error)}`, { cause: error }));
    this.#tellIdle();
  }
}

function received({ code, params, problems, message, stack }: SentError): Error {
  const error = code === undefined ? new Error(message) : new TrainyardError(code, params ?? {}, problems === undefined ? {} : { problems });
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** An error as it crosses over. */
export function sentError(error: unknown): SentError {
  const stack = error instanceof Error ? error.stack : undefined;
  if (!isTrainyardError(error)) return { message: messageOf(error), stack };
  return { code: error.code, params: error.params, problems: error.problems, message: error.message, stack };
}
