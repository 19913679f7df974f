import { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { withExamples } from '../help-text.ts';
import { type OutputFormat, outputOption } from '../output/format.ts';
import { RUN_ARGUMENT } from '../runs/find-run.ts';

interface Options {
  readonly wait: boolean;
  readonly output: OutputFormat;
}

export function stop(cli: Cli): Command {
  const command = new Command('stop')
    .helpGroup('Runs:')
    .summary('stop a run')
    .description('Stops a run: politely first, and for good when its grace period is over.')
    .argument('<run>', RUN_ARGUMENT)
    .option('--wait', 'wait until it has stopped', false)
    .addOption(outputOption());
  return withExamples(command, [
    ['trainyard stop 4', 'ask it to stop'],
    ['trainyard stop wine --wait', 'and wait until the latest run of a training has'],
  ]).action(async (name: string, { wait, output }: Options) => {
    const [connection, { findRun }] = await Promise.all([cli.connect(), import('../runs/find-run.ts')]);
    const { id } = await findRun(connection, name);
    const asked = await connection.call('stopRun', { params: { id } });
    const { untilEnded } = await import('../runs/until-ended.ts');
    const run = wait ? await untilEnded(connection, { runId: id, signal: cli.io.interrupted }) : asked;
    await cli.print(run, output, () => [run.endedAt === undefined ? `run ${run.number} of ${run.training} is stopping` : `run ${run.number} of ${run.training} ${run.state === 'stopped' ? 'was stopped' : run.state}`]);
  });
}
