import { Command } from 'commander';
import type { Cli } from '../../../cli.ts';
import { withExamples } from '../../../help-text.ts';

export function toolchainDelete(cli: Cli): Command {
  const command = new Command('delete')
    .alias('rm')
    .summary('delete a toolchain integration')
    .description('Deletes a toolchain integration. Trainings that name it cannot run any more; a toolchain this version has itself goes on without the variables.')
    .argument('<id>', 'id of the integration')
    .option('--ignore-not-found', 'count one that is not there as deleted', false);
  return withExamples(command, [['trainyard toolchain delete mine', 'gone for good']]).action(async (id: string, { ignoreNotFound }: { ignoreNotFound: boolean }) => {
    const { deleteResource } = await import('../../../manifest/apply/send-resources.ts');
    const server = await cli.connect();
    await deleteResource(cli, { what: 'toolchain', id, ignoreNotFound }, () => server.call('deleteToolchain', { params: { id } }));
  });
}
