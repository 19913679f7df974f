import { REASON_NAMES } from '@trainyard/core/training/reason.ts';
import { STEPS, type StepName } from '@trainyard/core/training/states.ts';

/** One line of a log, and the step it belongs to as far as the log itself tells. */
export interface LogEntry {
  /** The line as it stands in the log. */
  readonly line: string;
  readonly section: StepName | undefined;
  /** What the runner itself said; undefined for the output of programs. */
  readonly said: string | undefined;
}

/** How the runner marks its own lines in a log. */
const RUNNER_LINE = /^\[trainyard\] (.*)$/;
const SECTION = new RegExp(`^(${STEPS.join('|')})\\b`);
const REPEATED = new RegExp(`^(warning: |(${STEPS.join('|')}|attempt): (${REASON_NAMES.join('|')}): )`);

/** Sorts the lines of a log by step: the runner's own lines stand where a step began, whenever they arrive here. */
export class LogSections {
  #section: StepName | undefined;

  /** The entry of the next line; undefined for lines that repeat what steps and warnings say in lines of their own. */
  entry(line: string): LogEntry | undefined {
    const said = RUNNER_LINE.exec(line)?.[1];
    if (said !== undefined) this.#section = (SECTION.exec(said)?.[1] as StepName | undefined) ?? this.#section;
    if (said !== undefined && REPEATED.test(said)) return undefined;
    return { line, said, section: this.#section };
  }
}

/** Does the first of two steps come later than the second? */
export function isLater(step: StepName | undefined, than: StepName | undefined): boolean {
  return step !== undefined && than !== undefined && STEPS.indexOf(step) > STEPS.indexOf(than);
}
