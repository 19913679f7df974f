/** Sentences of ours that say more than ODAHU's do; its users compare the whole text. */
const SHORTER: readonly (readonly [RegExp, string])[] = [
  [/^ID is not valid: .*$/s, 'ID is not valid'],
  [/^there is no toolchain '(.*?)' \(.*$/s, 'entity "$1" is not found'],
  [/^(validation of \w+ \w+ is failed: quantities must match the regular expression '.*'), found '.*'$/s, '$1'],
];

/** As for the name of the model; such a toolchain is not there either, and ODAHU says both. */
const LABEL = '^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$';
const NO_LABEL = /^entity "(?!(?:(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?" is not found$)(.*)" is not found$/s;

/** A problem of a resource in ODAHU's words. */
export function toOdahuProblem(problem: string): string {
  const told = SHORTER.reduce((text, [ours, theirs]) => text.replace(ours, theirs), problem);
  const strange = problem.startsWith('there is no toolchain') ? NO_LABEL.exec(told)?.[1] : undefined;
  return strange === undefined ? told : `invalid training toolchain: ${strange} must be valid Kubernetes label, i.e. match this pattern: ${LABEL}; ${told}`;
}
