import { invalid } from '../tracking/names.ts';

export const STAGES = ['None', 'Staging', 'Production', 'Archived'] as const;
export type Stage = (typeof STAGES)[number];

/** Stages in which only one version should be at work. */
const ACTIVE: readonly Stage[] = ['Staging', 'Production'];

/** The stage that is meant, in any case of letters. */
export function parseStage(text: string): Stage {
  const stage = STAGES.find((one) => one.toLowerCase() === text.toLowerCase());
  if (stage === undefined) throw invalid(`Invalid Model Version stage: ${text}. Value must be one of ${STAGES.join(', ')}.`);
  return stage;
}

/** Refuses to archive what else is in a stage where several may be. */
export function checkArchiving(stage: Stage): void {
  if (!ACTIVE.includes(stage)) throw invalid(`Model version transition cannot archive existing model versions because '${stage}' is not an Active stage. Valid stages are ['${ACTIVE.join("', '")}']`);
}
