/** A chunk with this many points is full and is not written again. Reading one takes a fraction of a millisecond. */
export const FULL_CHUNK = 4096;

/** So many chunks of about the same size become one. More would make reading slower, fewer would write points more often. */
const FAN_IN = 8;

/**
 * Which of a metric's chunks that are not full become one with new points: how many of the newest ones. `tail` are their sizes,
 * oldest first. Points are written anew once for each power of eight that their chunk grows through, four times at most: this
 * is how a log-structured store merges. When all of them together fill a chunk they do, so the tail stays below one full chunk.
 */
export function chunksToMerge(tail: readonly number[], added: number): number {
  if (tail.reduce((sum, size) => sum + size, added) >= FULL_CHUNK) return tail.length;
  let merged = 0;
  let size = added;
  for (;;) {
    const level = levelOf(size);
    let similar = merged;
    while (similar < tail.length && levelOf(tail[tail.length - 1 - similar] ?? 0) <= level) similar++;
    // the new points are one more
    if (similar - merged + 1 < FAN_IN) return merged;
    for (; merged < similar; merged++) size += tail[tail.length - 1 - merged] ?? 0;
  }
}

function levelOf(size: number): number {
  return Math.floor(Math.log2(size) / 3);
}
