import { Command } from 'commander';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Cli } from '../cli.ts';
import { withExamples } from '../help-text.ts';
import { sizeText } from '../output/amounts.ts';
import { type OutputFormat, outputOption } from '../output/format.ts';
import type { Column } from '../output/table.ts';
import { RUN_ARGUMENT } from '../runs/find-run.ts';

interface File {
  readonly path: string;
  readonly isDirectory: boolean;
  readonly sizeBytes?: number | undefined;
}

const columns: readonly Column<File>[] = [
  { title: 'path', text: ({ path, isDirectory }) => (isDirectory ? `${path}/` : path), shrinks: true, paint: ({ isDirectory }, style) => (isDirectory ? style.busy : undefined) },
  { title: 'size', text: ({ sizeBytes }) => (sizeBytes === undefined ? undefined : sizeText(sizeBytes)), align: 'right' },
];

export function artifacts(cli: Cli): Command {
  const command = new Command('artifacts')
    .helpGroup('Runs:')
    .summary('list what a run left')
    .description('Lists one directory of the artifacts of a run.')
    .argument('<run>', RUN_ARGUMENT)
    .argument('[path]', 'directory, relative to the artifacts', '')
    .addOption(outputOption());
  return withExamples(command, [
    ['trainyard artifacts 4', 'the top'],
    ['trainyard artifacts 4 plots', 'one directory further in'],
  ]).action(async (name: string, path: string, { output }: { output: OutputFormat }) => {
    const [connection, { findRun }] = await Promise.all([cli.connect(), import('../runs/find-run.ts')]);
    const { id, number } = await findRun(connection, name);
    const { files } = await connection.call('listRunArtifacts', { params: { id }, query: { path: path.replace(/\/+$/, '') } });
    // only what lies in a directory makes it one
    if (path !== '' && files.length === 0) throw new TrainyardError('ARTIFACT_NOT_FOUND', { path: `${path}/` });
    const { printList } = await import('../output/list.ts');
    await printList(cli, output, { items: files, more: false, columns, none: `Run ${number} has no artifacts.` });
  });
}
