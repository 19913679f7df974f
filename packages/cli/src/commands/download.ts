import { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { withExamples } from '../help-text.ts';
import { sizeText } from '../output/amounts.ts';
import { RUN_ARGUMENT } from '../runs/find-run.ts';

interface Options {
  readonly outputFile?: string;
  readonly force: boolean;
}

export function download(cli: Cli): Command {
  const command = new Command('download')
    .helpGroup('Runs:')
    .summary('download an artifact of a run')
    .description('Downloads one artifact of a run into the working directory. The file appears when it is complete, or not at all.')
    .argument('<run>', RUN_ARGUMENT)
    .argument('<path>', 'path of the artifact, as `trainyard artifacts` lists it')
    .option('-O, --output-file <file>', 'where to write it, or - for stdout (default: its own name, in this directory)')
    .option('--force', 'write over a file that is there', false);
  return withExamples(command, [
    ['trainyard download 4 plots/loss.png', 'as ./loss.png'],
    ['trainyard download wine report.html -O /tmp/wine.html', 'from the latest run of a training'],
    ['trainyard download 4 metrics.json -O - | jq .', 'into a pipe'],
  ]).action(async (name: string, path: string, { outputFile, force }: Options) => {
    const [connection, { findRun }, { downloadArtifact }] = await Promise.all([cli.connect(), import('../runs/find-run.ts'), import('../runs/download-artifact.ts')]);
    const { id } = await findRun(connection, name);
    const { file, sizeBytes } = await downloadArtifact(connection, { runId: id, path, target: outputFile, force, io: cli.io });
    if (file !== undefined) await cli.out.lines([`${file}  ${cli.out.style.quiet(sizeText(sizeBytes))}`]);
  });
}
