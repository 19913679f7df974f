import { Command } from 'commander';
import type { Cli } from '../../../cli.ts';
import { withExamples } from '../../../help-text.ts';

interface Options {
  readonly force: boolean;
  readonly ignoreNotFound: boolean;
}

export function connectionDelete(cli: Cli): Command {
  const command = new Command('delete')
    .alias('rm')
    .summary('delete a connection')
    .description('Deletes a connection and its secrets. While runs that have not ended use it that is refused, and they are named.')
    .argument('<id>', 'id of the connection')
    .option('--force', 'also while runs use it: they fail when they need it', false)
    .option('--ignore-not-found', 'count a connection that is not there as deleted', false);
  return withExamples(command, [['trainyard connection delete wine', 'fails while a run uses it']]).action(async (id: string, { force, ignoreNotFound }: Options) => {
    const { deleteResource } = await import('../../../manifest/apply/send-resources.ts');
    const server = await cli.connect();
    await deleteResource(cli, { what: 'connection', id, ignoreNotFound }, () => server.call('deleteConnection', { params: { id }, query: { force: force ? 'true' : 'false' } }));
  });
}
