/**
 * What the work answers; an error when that takes longer than `ms`. Work that is late is told so by its signal and left alone:
 * what it does after that must do no harm.
 */
export async function inTime<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const lateness = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new Error(`it took longer than ${ms / 1000} s`);
    late.abort(error);
    lateness.reject(error);
  }, ms);
  try {
    return await Promise.race([work(late.signal), lateness.promise]);
  } finally {
    clearTimeout(timer);
  }
}
