import { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { withExamples } from '../help-text.ts';
import { followUp, type WaitOptions, withWaiting } from '../progress/wait-for-run.ts';
import { RUN_ARGUMENT } from '../runs/find-run.ts';

export function retry(cli: Cli): Command {
  const command = new Command('retry')
    .helpGroup('Runs:')
    .summary('start a run like one that has ended')
    .description('Starts a new run like one that has ended (same source, same parameters) and waits for the result.')
    .argument('<run>', RUN_ARGUMENT);
  return withExamples(withWaiting(command), [
    ['trainyard retry 4', 'once more'],
    ['trainyard retry wine --no-wait', 'only start it'],
  ]).action(async (name: string, options: WaitOptions) => {
    const [connection, { findRun }] = await Promise.all([cli.connect(options.reconnectFor === undefined ? {} : { patienceMs: options.reconnectFor }), import('../runs/find-run.ts')]);
    const { id } = await findRun(connection, name);
    const run = await connection.call('retryRun', { params: { id } });
    await followUp(cli, connection, { runId: run.id, options });
  });
}
