import { messageOf } from '@trainyard/core/errors.ts';
import { Backoff } from './backoff.ts';
import type { Answer, Call, ServerLink } from './server-link.ts';

/** The server could not be reached, or could not serve, for as long as it was worth trying. */
export class ServerAway extends Error {
  override readonly name = 'ServerAway';
}

export interface Patience {
  /** Aborted when it is no longer wanted: the call throws. */
  readonly signal: AbortSignal;
  readonly patienceMs: number;
}

/** Will the same call perhaps get another answer later? */
export function isPassing(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

/** Repeats a call that may be repeated until it has an answer that will not pass. Throws ServerAway when patience ends. */
export async function persistentCall(link: ServerLink, call: Call, patience: Patience): Promise<Answer> {
  return persist(patience, async () => {
    const answer = await link.call({ ...call, signal: patience.signal });
    if (isPassing(answer.status)) throw new Error(`it answered ${call.method} ${call.path} with ${answer.status}`);
    return answer;
  });
}

/** Repeats `work` with growing pauses as long as it throws and patience lasts. `isFinal` errors are thrown on at once. */
export async function persist<T>({ signal, patienceMs }: Patience, work: () => Promise<T>, isFinal: (error: unknown) => boolean = () => false): Promise<T> {
  const deadline = performance.now() + patienceMs;
  const backoff = new Backoff();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (isFinal(error)) throw error;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new ServerAway(`the server could not be reached for ${Math.round(patienceMs / 1000)} s: ${messageOf(error)}`, { cause: error });
      await backoff.pause(signal, leftMs);
      signal.throwIfAborted();
    }
  }
}

/** The server's own words of an error, or the beginning of whatever it answered. */
export function problemOf({ status, text }: Answer): string {
  try {
    const body = JSON.parse(text) as { error?: { message?: string; hint?: string }; message?: string };
    const message = body.error?.message ?? body.message;
    if (message !== undefined) return body.error?.hint === undefined ? message : `${message} (${body.error.hint})`;
  } catch {
    // a proxy's page, or nothing: the text itself is all there is
  }
  return `status ${status}${text === '' ? '' : `: ${text.slice(0, 200)}`}`;
}
