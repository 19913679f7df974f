import { Command } from 'commander';
import type { ToolchainIntegration } from '@trainyard/api/schemas/toolchain-integration.ts';
import { wholeNumber } from '../../../argument-values.ts';
import type { Cli } from '../../../cli.ts';
import { withExamples } from '../../../help-text.ts';
import { type OutputFormat, outputOption } from '../../../output/format.ts';

export function toolchainList(cli: Cli): Command {
  const command = new Command('list').alias('ls').summary('list toolchain integrations').description('Lists toolchain integrations by id. The toolchains this version has itself are in: trainyard status').option('--limit <number>', 'how many', wholeNumber(1), 100).addOption(outputOption());
  return withExamples(command, [['trainyard toolchain list', 'a table']]).action(async ({ limit, output }: { limit: number; output: OutputFormat }) => {
    const server = await cli.connect();
    const { items, more } = await server.list<ToolchainIntegration>(limit, (query) => server.call('listToolchains', { query }));
    const { printList } = await import('../../../output/list.ts');
    const { toolchainColumns } = await import('../../../progress/toolchain-lines.ts');
    await printList(cli, output, { items, more, columns: toolchainColumns, none: 'There are no toolchain integrations. Add one with: trainyard toolchain create -f FILE' });
  });
}
