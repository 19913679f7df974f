import { Command } from 'commander';
import { duration, wholeNumber } from '../argument-values.ts';
import type { Cli } from '../cli.ts';
import type { ReachWatcher } from '../connection/reach.ts';
import { withExamples } from '../help-text.ts';
import { elapsedText } from '../output/amounts.ts';
import { SafeTextStream } from '../output/safe-text.ts';
import { RUN_ARGUMENT } from '../runs/find-run.ts';

interface Options {
  readonly follow: boolean;
  readonly attempt?: number;
  readonly tail?: number;
  readonly reconnectFor?: number;
}

export function logs(cli: Cli): Command {
  const command = new Command('logs')
    .helpGroup('Runs:')
    .summary('print the log of a run, or follow it')
    .description(
      'Prints the log of a run. Piped, every byte arrives as it was written; on a terminal only colours are let through.\n\n' +
        'A connection that drops is opened again at the byte where it dropped.',
    )
    .argument('<run>', RUN_ARGUMENT)
    .option('-f, --follow', 'go on until the run has ended, through later attempts', false)
    .option('--attempt <number>', 'which attempt (default: the last one)', wholeNumber(1))
    .option('--tail <lines>', 'only the last lines', wholeNumber(0))
    .option('--reconnect-for <duration>', 'how long to wait for a server that is gone (default: 10m)', duration);
  return withExamples(command, [
    ['trainyard logs 4', 'the whole log'],
    ['trainyard logs -f wine', 'follow the latest run of a training'],
    ['trainyard logs 4 --attempt 1 --tail 50', 'the end of its first attempt'],
    ['trainyard logs 4 > run-4.log', 'byte by byte'],
  ]).action(async (name: string, options: Options) => {
    await printLog(cli, name, options);
  });
}

async function printLog(cli: Cli, name: string, { follow, attempt, tail, reconnectFor }: Options): Promise<void> {
  const [connection, { findRun }, { readLog }, { tailStart }] = await Promise.all([
    cli.connect(reconnectFor === undefined ? {} : { patienceMs: reconnectFor }),
    import('../runs/find-run.ts'),
    import('../runs/read-log.ts'),
    import('../runs/tail-start.ts'),
  ]);
  const run = await findRun(connection, name);
  const chosen = run.attempts.find(({ number }) => number === (attempt ?? run.attempts.at(-1)?.number));
  if (chosen === undefined && attempt !== undefined) throw await noSuchAttempt(run.number, attempt, run.attempts.length);
  const byte = tail === undefined || chosen === undefined ? 0 : await tailStart(connection, { runId: run.id, attempt: chosen.number, logBytes: chosen.logBytes, lines: tail });
  const safe = cli.out.isTerminal ? new SafeTextStream() : undefined;
  const { interrupted, readerGone } = cli.io;
  const request = { runId: run.id, from: { attempt: chosen?.number, byte }, follow, signal: AbortSignal.any([interrupted, readerGone]), watcher: watcher(cli) };
  try {
    for await (const { bytes } of readLog(connection, request)) await cli.out.write(safe === undefined ? bytes : safe.push(bytes));
  } catch (error) {
    // whoever read it has read enough
    if (!readerGone.aborted) throw error;
  }
  if (safe !== undefined) await cli.out.write(`${safe.end()}${cli.out.coloured ? '\u001b[0m' : ''}`);
}

function watcher({ err }: Cli): ReachWatcher {
  return {
    lost: (patienceMs) => void err.lines([err.style.careful(`! the server does not answer; trying again for ${elapsedText(patienceMs)}`)]),
    back: () => void err.lines([err.style.good('✓ the server is back')]),
  };
}

async function noSuchAttempt(run: number, attempt: number, attempts: number): Promise<Error> {
  const { TrainyardError } = await import('@trainyard/core/errors.ts');
  return new TrainyardError('USAGE', { problem: `run ${run} has no attempt ${attempt}`, advice: attempts === 0 ? 'none has begun yet' : `its attempts: 1 to ${attempts}` });
}
