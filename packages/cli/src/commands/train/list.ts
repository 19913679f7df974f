import { Command } from 'commander';
import type { Training } from '@trainyard/api/schemas/training.ts';
import { wholeNumber } from '../../argument-values.ts';
import type { Cli } from '../../cli.ts';
import { withExamples } from '../../help-text.ts';
import { type OutputFormat, outputOption } from '../../output/format.ts';

interface Options {
  readonly project?: string;
  readonly modelName?: string;
  readonly toolchain?: string;
  readonly limit: number;
  readonly output: OutputFormat;
}

export function trainList(cli: Cli): Command {
  const command = new Command('list')
    .alias('ls')
    .summary('list trainings')
    .description('Lists trainings, the one that changed last first.')
    .option('--project <id>', 'only those of a project')
    .option('--model-name <name>', 'only those of a model')
    .option('--toolchain <name>', 'only those of a toolchain')
    .option('--limit <number>', 'how many', wholeNumber(1), 50)
    .addOption(outputOption());
  return withExamples(command, [
    ['trainyard train list', 'a table'],
    ['trainyard train list --model-name wine -o json', 'for a program'],
    ["trainyard train list -o 'jsonpath=$.items[*].id'", 'only the ids'],
  ]).action(async ({ limit, output, ...filter }: Options) => {
    const connection = await cli.connect();
    const { items, more } = await connection.list<Training>(limit, (page) => connection.call('listTrainings', { query: { ...filter, ...page } }));
    const { printList } = await import('../../output/list.ts');
    const { trainingColumns } = await import('../../progress/training-lines.ts');
    await printList(cli, output, { items, more, columns: trainingColumns, none: 'There are no trainings. Start one with: trainyard train run DIR' });
  });
}
