import { isTrainyardError, messageOf } from '@trainyard/core/errors.ts';
import { isServerAnswer } from '../exit-codes.ts';
import { safeText } from './safe-text.ts';
import type { Screen } from './screen.ts';

/** An error as people see it: what went wrong, and what to do next. Never a stack, unless somebody looks for a fault in here. */
export function failureLines(error: unknown, screen: Screen, debug: boolean): string[] {
  const { style } = screen;
  const known = isTrainyardError(error) || isServerAnswer(error);
  const hint = known ? error.hint : 'this is a fault of this program itself; TRAINYARD_DEBUG=1 shows where it comes from';
  const lines = [...messageLines(error).map((line, i) => (i === 0 ? `${style.bad('error:')} ${line}` : `       ${line}`)), ...(hint === '' ? [] : [`  ${style.quiet('hint:')} ${screen.typed(safeText(hint))}`])];
  return debug ? [...lines, '', ...stackOf(error)] : lines;
}

/** The message, or a line for each problem when the server counted several. */
function messageLines(error: unknown): string[] {
  const message = messageOf(error);
  const problems = isServerAnswer(error) && error.problems.length > 1 ? error.problems : [];
  const text = problems.length === 0 ? message : [`${problems.length} things are wrong`, ...problems.map((problem) => `- ${problem}`)].join('\n');
  return safeText(text).trimEnd().split('\n');
}

function stackOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const own = (error.stack ?? error.message).split('\n');
  return error.cause === undefined ? own : [...own, 'caused by:', ...stackOf(error.cause)];
}
