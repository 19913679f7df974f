const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** Longer than any duration in its parts: the patterns run out of stack on megabytes of them. */
const MAX_LENGTH = 200;
type Unit = keyof typeof UNITS;

/** Milliseconds of `90s`, `1h30m`, `500ms`, or of a plain number of seconds; undefined when it is none of these. */
export function parseDuration(text: string | number): number | undefined {
  if (typeof text === 'number' || /^\d+(\.\d+)?$/.test(text)) return Number.isFinite(Number(text)) ? Math.round(Number(text) * 1000) : undefined;
  if (text.length > MAX_LENGTH || !/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) total += Number(amount) * UNITS[unit as Unit];
  return Math.round(total);
}

/** The shortest text `parseDuration` reads back as the same number of milliseconds. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  let rest = ms;
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const whole = Math.floor(rest / UNITS[unit]);
    if (whole > 0) text += `${whole}${unit}`;
    rest -= whole * UNITS[unit];
  }
  return text;
}
