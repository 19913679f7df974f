/** Milliseconds since 1970 → RFC 3339 with nanoseconds, always nine digits: clients compare these texts. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000000Z');
}
