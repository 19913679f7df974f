import { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { withExamples } from '../help-text.ts';
import { type OutputFormat, outputOption } from '../output/format.ts';
import { RUN_ARGUMENT } from '../runs/find-run.ts';

export function run(cli: Cli): Command {
  const command = new Command('run')
    .helpGroup('Runs:')
    .summary('show a run: attempts, steps, times, results')
    .description('Shows a run: what it was, each attempt with its steps and times, why it failed or what it left.\n\nTo start a training: trainyard train run')
    .argument('<run>', RUN_ARGUMENT)
    .addOption(outputOption());
  return withExamples(command, [
    ['trainyard run 4', 'by number'],
    ['trainyard run wine', 'the latest of a training'],
    ['trainyard run 4 -o jsonpath=metrics.rmse', 'one metric'],
  ]).action(async (name: string, { output }: { output: OutputFormat }) => {
    const [connection, { findRun }] = await Promise.all([cli.connect(), import('../runs/find-run.ts')]);
    const found = await findRun(connection, name);
    const { runLines } = await import('../progress/run-lines.ts');
    await cli.print(found, output, (screen) => runLines(found, screen));
  });
}
