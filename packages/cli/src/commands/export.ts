import { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { exitCode } from '../exit-codes.ts';
import { withExamples } from '../help-text.ts';
import { type OutputFormat, outputOption } from '../output/format.ts';

interface Options {
  readonly experiments?: readonly string[];
  readonly output: OutputFormat;
}

export function exportCommand(cli: Cli): Command {
  const command = new Command('export')
    .helpGroup('Setup:')
    .summary('write experiments, runs and models into a directory')
    .description('Writes everything in open formats: records as NDJSON (experiments, runs, metrics with their history, params, tags, datasets, models, versions, aliases) and artifacts as files. Reads it back at the end and counts both sides. trainyard import takes the directory.')
    .argument('<dir>', 'an empty directory, or one that is not there yet')
    .option('--experiments <names>', 'only these, separated by commas, and the versions that came from their runs', (text: string) => text.split(',').map((name) => name.trim()).filter((name) => name !== ''))
    .addOption(outputOption());
  return withExamples(command, [
    ['trainyard export ./backup', 'everything'],
    ['trainyard export ./wine --experiments wine', 'one experiment'],
    ['trainyard import ./backup --url http://other:5000', 'and into another server'],
  ]).action(async (dir: string, { experiments, output }: Options) => {
    const [connection, { exportTo }] = await Promise.all([cli.connect(), import('../export/export-to.ts')]);
    const result = await exportTo(cli, { connection, dir, experiments });
    const { comparisonLines, findingLines } = await import('../import/report-lines.ts');
    await cli.print({ directory: dir, ...result }, output, (screen) => [
      ...comparisonLines(result.counts, screen, { source: 'written', here: 'server' }),
      ...findingLines('not as on the server:', result.refused, screen),
      '',
      result.complete ? screen.style.good(`everything is in ${dir}`) : screen.style.bad('the server has changed meanwhile: export again into another directory when nobody writes to it'),
    ]);
    if (!result.complete) cli.exitCode = exitCode('failed');
  });
}
