/** The known name nearest to what was typed, or undefined when nothing is near enough to be meant. */
export function nearest(typed: string, known: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(typed.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const name of known) {
    // half a name is a near miss too: `hyperParams` means hyperParameters
    if (typed.length >= 3 && name.toLowerCase().startsWith(typed.toLowerCase().replace(/s$/, ''))) return name;
    const distance = editDistance(typed.toLowerCase(), name.toLowerCase(), limit);
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** "; did you mean 'x'?" or the empty text: the tail of many messages. */
export function didYouMean(typed: string, known: readonly string[]): string {
  const name = nearest(typed, known);
  return name === undefined ? '' : `; did you mean '${name}'?`;
}

/** Optimal string alignment (a swap of neighbours counts once); anything over `limit` may be answered as limit + 1. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((row[j - 1] ?? 0) + 1, (last[j] ?? 0) + 1, (last[j - 1] ?? 0) + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? limit + 1;
}
