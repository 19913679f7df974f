import { Command } from 'commander';
import type { Connection } from '@trainyard/api/schemas/connection.ts';
import { wholeNumber } from '../../../argument-values.ts';
import type { Cli } from '../../../cli.ts';
import { withExamples } from '../../../help-text.ts';
import { type OutputFormat, outputOption } from '../../../output/format.ts';

interface Options {
  readonly type?: string[];
  readonly limit: number;
  readonly output: OutputFormat;
}

export function connectionList(cli: Cli): Command {
  const command = new Command('list').alias('ls').summary('list connections').description('Lists connections by id. Secrets are masked.').option('--type <type...>', 'only those of these types').option('--limit <number>', 'how many', wholeNumber(1), 100).addOption(outputOption());
  return withExamples(command, [
    ['trainyard connection list', 'a table'],
    ['trainyard connection list --type s3 gcs -o json', 'for a program'],
  ]).action(async ({ type, limit, output }: Options) => {
    const server = await cli.connect();
    const { items, more } = await server.list<Connection>(limit, (page) => server.call('listConnections', { query: { ...page, ...(type === undefined ? {} : { type }) } }));
    const { printList } = await import('../../../output/list.ts');
    const { connectionColumns } = await import('../../../progress/connection-lines.ts');
    await printList(cli, output, { items, more, columns: connectionColumns, none: 'There are no connections. Create one with: trainyard connection create -f FILE' });
  });
}
