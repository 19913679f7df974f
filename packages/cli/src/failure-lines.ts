import { isTrainyardError, messageOf } from '@trainyard/core/errors.ts';
import { isServerAnswer } from './exit-codes.ts';
import { safeText } from './output/safe-text.ts';
import type { Screen } from './output/screen.ts';

/** An error as people see it: what went wrong, and what to do next. Never a stack, unless somebody looks for a fault in here. */
export function failureLines(error: unknown, screen: Screen, debug: boolean): string[] {
  const { style } = screen;
  const known = isTrainyardError(error) || isServerAnswer(error);
  const hint = known ? error.hint : 'this is a fault of this program itself; TRAINYARD_DEBUG=1 shows where it comes from';
  const message = safeText(messageOf(error)).trimEnd().replaceAll('\n', '\n       ');
  const lines = [`${style.bad('error:')} ${message}`, ...(hint === '' ? [] : [`  ${style.quiet('hint:')} ${screen.typed(safeText(hint))}`])];
  return debug ? [...lines, '', ...stackOf(error)] : lines;
}

function stackOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const own = (error.stack ?? error.message).split('\n');
  return error.cause === undefined ? own : [...own, 'caused by:', ...stackOf(error.cause)];
}
