import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { withExamples } from '../../help-text.ts';
import { type OutputFormat, outputOption } from '../../output/format.ts';

interface Options {
  readonly file: string;
  readonly ignoreIfExists: boolean;
  readonly run: boolean;
  readonly output: OutputFormat;
}

export function trainCreate(cli: Cli): Command {
  const command = new Command('create')
    .summary('create trainings from a manifest and start them')
    .description('Creates trainings from a manifest and starts them, without waiting.\n\nThe file is JSON or YAML and may hold several documents. A training without algorithmSource takes the directory of the file.')
    .requiredOption('-f, --file <file>', 'manifest, or - for stdin')
    .option('--ignore-if-exists', 'leave a training of the same id as it is, and count that as success', false)
    .option('--no-run', 'keep the training without running it')
    .addOption(outputOption());
  return withExamples(command, [
    ['trainyard train create -f wine.yaml', 'create and start'],
    ['trainyard train create -f all.yaml --ignore-if-exists', 'only those that are new'],
    ['generate | trainyard train create -f -', 'from a program'],
  ]).action(async ({ file, ignoreIfExists, run, output }: Options) => {
    const { sendManifests } = await import('../../training/send-manifests.ts');
    await sendManifests(cli, { file, run, output, mode: ignoreIfExists ? 'create_new' : 'create' });
  });
}
