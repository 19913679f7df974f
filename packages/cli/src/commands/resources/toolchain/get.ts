import { Command } from 'commander';
import type { Cli } from '../../../cli.ts';
import { withExamples } from '../../../help-text.ts';
import { type OutputFormat, outputOption } from '../../../output/format.ts';

export function toolchainGet(cli: Cli): Command {
  const command = new Command('get').summary('show a toolchain integration').description('Shows a toolchain integration.').argument('<id>', 'id of the integration').addOption(outputOption());
  return withExamples(command, [['trainyard toolchain get mlflow -o yaml > mlflow.yaml', 'as a manifest that can be edited and sent back']]).action(async (id: string, { output }: { output: OutputFormat }) => {
    const server = await cli.connect();
    const found = await server.call('getToolchain', { params: { id } });
    const { toolchainLines } = await import('../../../progress/toolchain-lines.ts');
    await cli.print(found, output, (screen) => toolchainLines(found, screen));
  });
}
