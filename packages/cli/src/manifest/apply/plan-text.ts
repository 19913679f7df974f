import { safeLine } from '../../output/safe-text.ts';
import type { Screen } from '../../output/screen.ts';
import { type Action, nameOf, type Planned } from './resource.ts';

const MARKS: Readonly<Record<Action, string>> = { create: '+', change: '~', run: '»', keep: '=', delete: '-' };
const WORDS: Readonly<Record<Action, string>> = { create: 'to create', change: 'to change', run: 'to run again', keep: 'as they are', delete: 'to delete' };

/** The plan: what will happen, before anything does. */
export function planText(plan: readonly Planned[], { style }: Screen, { run }: { readonly run: boolean }): string[] {
  const paints: Readonly<Record<Action, (text: string) => string>> = { create: style.good, change: style.careful, run: style.busy, keep: style.quiet, delete: style.bad };
  const lines = plan.flatMap((planned) => {
    const { action, changes } = planned;
    return [`  ${paints[action](`${MARKS[action]} ${nameOf(planned)}`)}${style.quiet(asideOf(planned, run))}`, ...changes.map((change) => `      ${safeLine(change)}`)];
  });
  return [style.title('Plan'), ...lines, '', countText(plan)];
}

/** `2 to create, 1 to change, 3 as they are` */
function countText(plan: readonly Planned[]): string {
  const actions = Object.keys(WORDS) as Action[];
  const counts = actions.flatMap((action) => {
    const count = plan.filter((planned) => planned.action === action).length;
    return count === 0 ? [] : [`${count} ${WORDS[action]}`];
  });
  return counts.join(', ');
}

function asideOf({ kind, action, resource }: Planned, run: boolean): string {
  const runs = kind === 'ModelTraining' && run && (action === 'create' || action === 'change');
  const what = { create: runs ? 'new, starts a run' : 'new', change: runs ? 'changes, starts a run' : 'changes', run: 'runs again', keep: 'as it is', delete: resource === undefined ? 'no longer in any manifest' : 'is there' }[action];
  return `  ${what}${resource === undefined || action === 'keep' ? '' : `  (${resource.where})`}`;
}
