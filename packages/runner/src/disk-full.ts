/** What the user reads. */
export const DISK_FULL = 'the disk of the attempt is full; free some space, or let the training write less';

/** Does this error, or one behind it, say that there is no room left? */
export function isDiskFull(error: unknown): boolean {
  for (let one = error, depth = 0; one instanceof Error && depth < 8; one = one.cause, depth++) {
    const code = (one as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC' || code === 'EDQUOT') return true;
  }
  return false;
}
