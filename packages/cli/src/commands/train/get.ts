import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { withExamples } from '../../help-text.ts';
import { type OutputFormat, outputOption } from '../../output/format.ts';

export function trainGet(cli: Cli): Command {
  const command = new Command('get').summary('show a training').description('Shows a training and how its latest run went.').argument('<id>', 'id of the training').addOption(outputOption());
  return withExamples(command, [
    ['trainyard train get wine', 'its spec and state'],
    ['trainyard train get wine -o yaml > wine.yaml', 'as a manifest that can be edited and sent back'],
    ['trainyard train get wine -o jsonpath=status.state', 'one field'],
  ]).action(async (id: string, { output }: { output: OutputFormat }) => {
    const connection = await cli.connect();
    const training = await connection.call('getTraining', { params: { id } });
    const { trainingLines } = await import('../../progress/training-lines.ts');
    await cli.print(training, output, (screen) => trainingLines(training, screen));
  });
}
