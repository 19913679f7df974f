import { Argument, Command } from 'commander';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { didYouMean } from '@trainyard/core/nearest.ts';
import type { Cli } from '../../cli.ts';
import { withExamples } from '../../help-text.ts';

export function template(cli: Cli): Command {
  const command = new Command('template')
    .helpGroup('Resources:')
    .summary('print a manifest to begin with')
    .description('Prints a manifest to fill in, or without a name what there is.')
    .addArgument(new Argument('[name]', 'which one'));
  return withExamples(command, [
    ['trainyard template', 'what there is'],
    ['trainyard template git-connection > code.yaml', 'and then: trainyard apply -f code.yaml'],
  ]).action(async (name: string | undefined) => {
    const { TEMPLATES } = await import('../../manifest/templates.ts');
    if (name === undefined) {
      const width = Math.max(...TEMPLATES.map((one) => one.name.length));
      await cli.out.lines(TEMPLATES.map((one) => `${one.name.padEnd(width)}  ${cli.out.style.quiet(one.about)}`));
      return;
    }
    const names = TEMPLATES.map((one) => one.name);
    const found = TEMPLATES.find((one) => one.name === name);
    if (found === undefined) throw new TrainyardError('USAGE', { problem: `there is no template '${name}'${didYouMean(name, names)}`, advice: `choose one of: ${names.join(', ')}` });
    await cli.out.write(found.text);
  });
}
