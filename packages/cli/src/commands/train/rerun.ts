import { Command, Option } from 'commander';
import { keyValue, wholeNumber } from '../../argument-values.ts';
import type { Cli } from '../../cli.ts';
import { withExamples } from '../../help-text.ts';
import { followUp, type WaitOptions, withWaiting } from '../../progress/wait-for-run.ts';

interface Options extends WaitOptions {
  readonly param?: Readonly<Record<string, string>>;
  readonly entrypoint?: string;
  readonly priority?: number;
}

export function trainRerun(cli: Cli): Command {
  const command = new Command('rerun')
    .summary('run a training again, with other parameters if wished')
    .description('Runs a training again, with other parameters if wished, and waits for the result. The training itself keeps its own.')
    .argument('<id>', 'id of the training')
    .addOption(new Option('-P, --param <name=value>', 'hyperparameter for this run; may be repeated').argParser(keyValue))
    .option('--entrypoint <name>', 'entry point for this run')
    .option('--priority <number>', 'larger goes first, -1000 to 1000', wholeNumber(-Infinity));
  return withExamples(withWaiting(command), [
    ['trainyard train rerun wine -P alpha=0.1 -P l1_ratio=0.9', 'other parameters, same source'],
    ['trainyard train rerun wine --no-wait', 'only start it'],
  ]).action(async (id: string, { param, entrypoint, priority, ...options }: Options) => {
    const connection = await cli.connect(options.reconnectFor === undefined ? {} : { patienceMs: options.reconnectFor });
    const body = { ...(param && { hyperParameters: param }), ...(entrypoint !== undefined && { entrypoint }), ...(priority !== undefined && { priority }) };
    const run = await connection.call('runTraining', { params: { id }, body });
    await followUp(cli, connection, { runId: run.id, options });
  });
}
