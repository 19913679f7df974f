/** Which output of a program bytes came from. */
export type OutputStream = 'stdout' | 'stderr';

/** The log of an attempt as the steps see it: bytes of programs, and lines of the runner itself (marked `[trainyard]`). */
export interface AttemptLog {
  /**
   * Raw output of a program, any bytes; masked on the way. Each stream is masked on its own, so that a secret is found
   * although the other stream wrote in the middle of it.
   */
  write(bytes: Uint8Array, stream?: OutputStream): void;
  /** A line of the runner itself. */
  say(line: string): void;
  /** A line in the log, and a warning on the run. */
  warn(line: string): void;
  /** No more output comes from the program: bytes that were held back because a secret begins like them are let through. */
  endOfOutput?(): void;
}
