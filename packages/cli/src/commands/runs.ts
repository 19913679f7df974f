import { Command, Option } from 'commander';
import type { Run } from '@trainyard/api/schemas/run.ts';
import { RUN_STATES, type RunState } from '@trainyard/core/training/states.ts';
import { wholeNumber } from '../argument-values.ts';
import type { Cli } from '../cli.ts';
import { withExamples } from '../help-text.ts';
import { type OutputFormat, outputOption } from '../output/format.ts';

interface Options {
  readonly training?: string;
  readonly project?: string;
  readonly state?: RunState[];
  readonly limit: number;
  readonly output: OutputFormat;
}

export function runs(cli: Cli): Command {
  const command = new Command('runs')
    .helpGroup('Runs:')
    .summary('list runs')
    .description('Lists runs, newest first.')
    .option('--training <id>', 'only those of a training')
    .option('--project <id>', 'only those of a project')
    .addOption(new Option('--state <state...>', 'only those in one of these states').choices(RUN_STATES))
    .option('--limit <number>', 'how many', wholeNumber(1), 20)
    .addOption(outputOption());
  return withExamples(command, [
    ['trainyard runs', 'the last 20'],
    ['trainyard runs --training wine --state failed', 'what went wrong'],
    ["trainyard runs --state queued running -o 'jsonpath=$.items[*].number'", 'numbers for a script'],
  ]).action(async ({ limit, output, ...filter }: Options) => {
    const connection = await cli.connect();
    const { items, more } = await connection.list<Run>(limit, (page) => connection.call('listRuns', { query: { ...filter, ...page } }));
    const [{ printList }, { runColumns }] = await Promise.all([import('../output/list.ts'), import('../progress/run-lines.ts')]);
    await printList(cli, output, { items, more, columns: runColumns, none: 'There are no such runs. Start one with: trainyard train run DIR' });
  });
}
