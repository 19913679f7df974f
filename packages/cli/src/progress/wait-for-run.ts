import type { Command } from 'commander';
import type { RunDetail } from '@trainyard/api/schemas/run.ts';
import type { Training } from '@trainyard/api/schemas/training.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { duration } from '../argument-values.ts';
import type { Cli } from '../cli.ts';
import type { Connection } from '../connection/connection.ts';
import { exitCode } from '../exit-codes.ts';
import { type OutputFormat, outputOption } from '../output/format.ts';
import type { Screen } from '../output/screen.ts';
import { watchRun } from '../runs/watch-run.ts';
import { LiveLine } from './live-line.ts';
import { resultLines } from './result-lines.ts';
import { RunView } from './run-view.ts';

/** Options of every command that starts a run and waits for it. */
export interface WaitOptions {
  readonly wait: boolean;
  readonly logs: boolean;
  readonly reconnectFor?: number;
  readonly output: OutputFormat;
}

export function withWaiting(command: Command): Command {
  return command
    .option('-w, --watch', 'wait for the end and show what happens (the default)')
    .option('--no-wait', 'only start the run and print its id')
    .option('--no-logs', 'show the steps, not the log')
    .option('--reconnect-for <duration>', 'how long to wait for a server that is gone (default: 10m)', duration)
    .addOption(outputOption());
}

/** Where progress is told: beside the result, unless stdout belongs to a program. */
export function progressScreen(cli: Cli, options: WaitOptions): Screen {
  return options.wait && options.output.kind === 'table' ? cli.out : cli.err;
}

/** The run that creating or editing a training has just started. */
export function startedRun(training: Training): string {
  const { runId } = training.status;
  if (runId === undefined) throw new TrainyardError('USAGE', { problem: `the server started no run of '${training.id}'`, advice: `start one with: trainyard train rerun ${training.id}` });
  return runId;
}

/** What a command that has started a run does next: waits and shows, or prints the id. */
export async function followUp(cli: Cli, connection: Connection, { runId, options }: { readonly runId: string; readonly options: WaitOptions }): Promise<void> {
  if (options.wait) {
    await waitForRun(cli, connection, { runId, options });
  } else {
    const run = options.output.kind === 'table' ? undefined : await connection.call('getRun', { params: { id: runId } });
    await cli.print(run, options.output, () => [runId]);
  }
}

/** Shows a run until it ends, then its result. The exit code of the command becomes the run's. */
async function waitForRun(cli: Cli, connection: Connection, { runId, options }: { readonly runId: string; readonly options: WaitOptions }): Promise<void> {
  const screen = progressScreen(cli, options);
  const live = new LiveLine(screen);
  const view = new RunView(live);
  try {
    const run = await watchRun(connection, { runId, observer: view, withLog: options.logs, signal: endOfWaiting(cli.io) });
    await screen.lines(resultLines(run, screen, view.lastLines));
    if (options.output.kind !== 'table') await cli.print(run, options.output, () => []);
    cli.exitCode = runExitCode(run);
  } catch (error) {
    live.clear();
    await cli.err.lines(partingLines(cli.io, String(view.runNumber ?? runId)).map((line) => cli.err.typed(line)));
    if (cli.io.interrupted.aborted || !endOfWaiting(cli.io).aborted) throw error;
    // the run was started, and how it ends is not known
    cli.exitCode = exitCode('interrupted');
  }
}

/** When nobody reads any more, a run is not waited for, unless it would end with the command. */
function endOfWaiting({ interrupted, readerGone, local }: Cli['io']): AbortSignal {
  return local === true ? interrupted : AbortSignal.any([interrupted, readerGone]);
}

/** What becomes of the run that this command no longer waits for. */
function partingLines({ local, interrupted }: Cli['io'], name: string): string[] {
  // by inLocalServer, as soon as this command is over
  if (local === true && interrupted.aborted) return ['', 'The run is being stopped: its server ends with this command.', `  look at it     trainyard run ${name}`, `  run it again   trainyard retry ${name}`];
  return ['', 'The run goes on without this command.', `  follow it   trainyard logs -f ${name}`, `  stop it     trainyard stop ${name}`];
}

/** 0 when it succeeded, the program's own code when that is why it failed, 130 when it was stopped, 1 otherwise. */
function runExitCode(run: RunDetail): number {
  if (run.state === 'succeeded') return exitCode('ok');
  if (run.state === 'stopped') return exitCode('interrupted');
  const own = run.reason === 'exit_code' ? (run.exitCode ?? 0) : 0;
  return own > 0 && own < 256 ? own : exitCode('failed');
}
