import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Cli } from '../../cli.ts';
import { confirm } from './confirm.ts';
import type { Connection } from '../../connection/connection.ts';
import type { OutputFormat } from '../../output/format.ts';
import { carryOut } from './carry-out.ts';
import { planText } from './plan-text.ts';
import type { Planned } from './resource.ts';

export interface Carrying {
  readonly plan: readonly Planned[];
  /** What people should know before they say yes. */
  readonly notes: readonly string[];
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly run: boolean;
  readonly force: boolean;
  readonly output: OutputFormat;
}

/** Shows a plan, asks, and carries it out in its order. The first step that is refused ends it; those before it stay. Answers whether it was done. */
export async function applyPlan(cli: Cli, server: Connection, { plan, notes, yes, dryRun, run, force, output }: Carrying): Promise<boolean> {
  const steps = plan.filter(({ action }) => action !== 'keep');
  const people = output.kind === 'table';
  for (const note of notes) await cli.err.lines([cli.err.style.careful(`! ${note}`)]);
  if (people) await cli.out.lines(steps.length === 0 ? [`Nothing to do${idleText(plan)}.`] : planText(plan, cli.out, { run }));
  const wanted = !dryRun && steps.length > 0 && (yes || (await agreed(cli)));
  if (wanted) {
    if (people) await cli.out.lines(['']);
    for (const planned of steps) {
      const line = await carryOut(planned, { cli, server, run, force });
      if (people) await cli.out.lines([line]);
    }
  } else if (!dryRun && steps.length > 0) await cli.err.lines(['nothing was changed']);
  if (!people) await cli.print({ done: wanted, items: plan.map(({ kind, id, action, changes }) => ({ kind, id, action, changes })) }, output, () => []);
  return wanted || (steps.length === 0 && !dryRun);
}

function idleText({ length }: readonly Planned[]): string {
  // of what is to be deleted, the plan has what is there
  if (length === 0) return ': none of the resources is there';
  return `: ${length === 1 ? 'the resource is' : `all ${length} resources are`} as described`;
}

/** @throws TrainyardError USAGE when there is nobody to ask */
async function agreed({ io }: Cli): Promise<boolean> {
  if (io.stdin.isTTY !== true) throw new TrainyardError('USAGE', { problem: 'this changes something, and there is no terminal to ask on', advice: 'look at the plan with --dry-run, then add --yes' });
  return confirm(io, 'Do it?');
}
