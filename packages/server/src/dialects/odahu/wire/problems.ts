/** Sentences of ours that say more than ODAHU's do; its users compare the whole text. */
const SHORTER: readonly (readonly [RegExp, string])[] = [
  [/^ID is not valid: .*$/s, 'ID is not valid'],
  [/^there is no toolchain '(.*?)' \(.*$/s, 'entity "$1" is not found'],
  [/^(validation of \w+ \w+ is failed: quantities must match the regular expression '.*'), found '.*'$/s, '$1'],
];

/** A problem of a resource in ODAHU's words. */
export function toOdahuProblem(problem: string): string {
  return SHORTER.reduce((text, [ours, theirs]) => text.replace(ours, theirs), problem);
}
