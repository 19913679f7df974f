/** Characters of what a notebook gives back that are kept with its run, which is read whole in every list of runs. */
const MAX_RESULT = 16_000;

/** The result of a notebook as its run has it. The log has it whole: a longer one says here that it is cut. */
export function resultOfRun(result: string): string {
  if (result.length <= MAX_RESULT) return result;
  // not in the middle of a character that takes two places
  return `${result.slice(0, MAX_RESULT).replace(/[\uD800-\uDBFF]$/, '')} … (${result.length} characters; the log has them all)`;
}
