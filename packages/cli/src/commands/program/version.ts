import { Command } from 'commander';
import packageJson from '../../../package.json' with { type: 'json' };
import type { Cli } from '../../cli.ts';
import { withExamples } from '../../help-text.ts';
import { type OutputFormat, outputOption } from '../../output/format.ts';

/** Version of this program. */
export const VERSION: string = packageJson.version;

export function version(cli: Cli): Command {
  const command = new Command('version').helpGroup('Setup:').summary('print the version of this program').description('Prints the version of this program.').addOption(outputOption());
  return withExamples(command, [['trainyard version -o jsonpath=version', 'only the number']]).action(async ({ output }: { output: OutputFormat }) => {
    const found = { version: VERSION, node: process.versions.node, platform: `${process.platform}-${process.arch}` };
    await cli.print(found, output, () => [`trainyard ${found.version} (Node ${found.node}, ${found.platform})`]);
  });
}
