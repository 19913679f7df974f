import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { isServerAnswer } from '../../exit-codes.ts';
import { withExamples } from '../../help-text.ts';

interface Options {
  readonly force: boolean;
  readonly ignoreNotFound: boolean;
}

export function trainDelete(cli: Cli): Command {
  const command = new Command('delete')
    .alias('rm')
    .summary('delete a training; its runs stay')
    .description('Deletes a training. Its runs, logs and registered models stay.')
    .argument('<id>', 'id of the training')
    .option('--force', 'stop its active runs first', false)
    .option('--ignore-not-found', 'count a training that is not there as deleted', false);
  return withExamples(command, [
    ['trainyard train delete wine', 'fails while a run is active'],
    ['trainyard train delete wine --force', 'stops it first'],
  ]).action(async (id: string, { force, ignoreNotFound }: Options) => {
    const connection = await cli.connect();
    try {
      const { message } = await connection.call('deleteTraining', { params: { id }, query: { force: force ? 'true' : 'false' } });
      await cli.out.lines([message]);
    } catch (error) {
      if (!ignoreNotFound || !isServerAnswer(error) || error.status !== 404) throw error;
      await cli.out.lines([`there is no training '${id}', nothing to delete`]);
    }
  });
}
