/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  /** `missing`: needed and not there. `warning`: it works, but. `absent`: optional and not there. */
  readonly state: 'ok' | 'missing' | 'warning' | 'absent';
  readonly found: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
}

/** Is `found` (`3.11.7`) at least `least` (`3.10`)? */
export function isAtLeast(found: string, least: string): boolean {
  const [a, b] = [found, least].map((version) => version.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < (b?.length ?? 0); i++) if (a?.[i] !== b?.[i]) return (a?.[i] ?? 0) > (b?.[i] ?? 0);
  return true;
}
