import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { withExamples } from '../../help-text.ts';
import { type OutputFormat, outputOption } from '../../output/format.ts';

interface Options {
  readonly file: string;
  readonly run: boolean;
  readonly output: OutputFormat;
}

export function trainEdit(cli: Cli): Command {
  const command = new Command('edit')
    .summary('change trainings by a manifest and run them again')
    .description('Replaces trainings by those of a manifest and starts a new run of each, without waiting. Earlier runs stay.')
    .requiredOption('-f, --file <file>', 'manifest, or - for stdin')
    .option('--no-run', 'change the training without running it')
    .addOption(outputOption());
  return withExamples(command, [
    ['trainyard train edit -f wine.yaml', 'change and run again'],
    ['trainyard train get wine -o yaml | sed s/0.5/0.1/ | trainyard train edit -f -', 'without a file'],
  ]).action(async ({ file, run, output }: Options) => {
    const { sendManifests } = await import('../../training/send-manifests.ts');
    await sendManifests(cli, { file, run, output, mode: 'edit' });
  });
}
