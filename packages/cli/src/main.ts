import { homedir } from 'node:os';
import { CommanderError } from 'commander';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { Cli } from './cli.ts';
import type { Pace } from './connection/pace.ts';
import { exitCode, exitCodeOf } from './exit-codes.ts';
import { failureLines } from './output/failure-lines.ts';
import { type Io, Interruption } from './io.ts';
import { makeProgram } from './program.ts';

/** The streams, the environment and the signals of this process. The only place that reads them. */
export function processIo(): Io {
  const interruption = new AbortController();
  const readerGone = new AbortController();
  const end = (signal: 'SIGINT' | 'SIGTERM', by: Interruption['by']): void => {
    process.once(signal, () => {
      interruption.abort(new Interruption(by));
      // who asks twice does not want to wait for manners
      process.once(signal, () => process.exit(exitCode('interrupted')));
    });
  };
  end('SIGINT', 'ctrl_c');
  end('SIGTERM', 'terminated');
  // of a closed terminal: from the shell and from the kernel, which is not somebody who asks twice
  process.on('SIGHUP', () => interruption.abort(new Interruption('terminated')));
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // a pipe without a reader, a terminal that was closed
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
      readerGone.abort();
    });
  }
  const { stdin, stdout, stderr, env } = process;
  return { stdin, stdout, stderr, env, cwd: process.cwd(), home: homedir(), program: process.argv[1], interrupted: interruption.signal, readerGone: readerGone.signal };
}

/** Carries out one command line (without the program's name) and gives its exit code. Throws nothing. */
export async function runCli(argv: readonly string[], io: Io, pace?: Pace): Promise<number> {
  const words = argv.length === 0 ? ['--help'] : argv[0] === '--version' || argv[0] === '-V' ? ['version', ...argv.slice(1)] : argv;
  const cli = new Cli(io, { argv: words, pace });
  try {
    if (words[0] === 'local' && !asksForHelp(words)) {
      const { inLocalServer } = await import('./local/in-local-server.ts');
      return await inLocalServer(cli, words.slice(1), (rest, localIo) => runCli(rest, localIo, pace));
    }
    await makeProgram(cli).parseAsync(words, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    return await failed(cli, error);
  }
}

/** For the command local itself; behind it the words belong to another. */
function asksForHelp(words: readonly string[]): boolean {
  return words.length < 2 || words[1] === '--help' || words[1] === '-h';
}

async function failed(cli: Cli, error: unknown): Promise<number> {
  if (error instanceof CommanderError && error.exitCode === 0) return exitCode('ok');
  // a group without one of its commands: its help is what there is to say
  if (error instanceof CommanderError && error.code === 'commander.help') return exitCode('usage');
  const { interrupted, readerGone, env } = cli.io;
  if ((interrupted.aborted ? interrupted.reason : error) instanceof Interruption) return exitCode('interrupted');
  // bytes that were meant for a reader alone: download -O -
  if (readerGone.aborted && (error as NodeJS.ErrnoException).code === 'EPIPE') return exitCode('ok');
  const debug = env['TRAINYARD_DEBUG'] === '1';
  const shown = error instanceof CommanderError ? usageError(error) : error;
  await cli.err.lines(failureLines(shown, cli.err, debug));
  return exitCodeOf(shown);
}

function usageError(error: CommanderError): TrainyardError {
  const [problem = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const meant = rest.join(' ').replace(/[()]/g, '').trim();
  return new TrainyardError('USAGE', { problem, advice: meant === '' ? 'see what there is with: trainyard --help, or trainyard COMMAND --help' : meant }, { cause: error });
}
