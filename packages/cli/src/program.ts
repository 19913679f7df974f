import { Command } from 'commander';
import type { Cli, GlobalFlags } from './cli.ts';
import { commands } from './commands/index.ts';
import { help } from './commands/program/help.ts';
import { EXIT_CODES, exitCode } from './exit-codes.ts';

/** The whole command line as a tree. Errors of the command line are thrown, never printed and exited on. */
export function makeProgram(cli: Cli): Command {
  const program: Command = new Command('trainyard')
    .description('Trainyard trains models and keeps what came out of it.')
    .option('--url <url>', 'server to talk to (default: TRAINYARD_URL, or the one that runs here)')
    .option('--no-color', 'no colours, no spinner (also: NO_COLOR)')
    .helpOption('-h, --help', 'show this help')
    .addHelpText('after', () => `\n${footer(program)}`)
    .hook('preAction', (root) => cli.useFlags(root.opts<GlobalFlags>()));
  for (const make of commands) program.addCommand(make(cli));
  for (const group of everyCommand(program).filter(({ commands: below }) => below.length > 0)) group.helpCommand(false).addCommand(help(), { hidden: group !== program });
  for (const command of everyCommand(program)) prepare(command, cli);
  return program;
}

/** Commander copies these settings to commands it makes itself, not to those that are added. */
function prepare(command: Command, { io }: Cli): void {
  const terminal = io.stdout.isTTY === true;
  command
    .exitOverride()
    .helpOption('-h, --help', 'show this help')
    .configureHelp({
      showGlobalOptions: true,
      styleTitle: (text) => bold(text, terminal && (io.env['NO_COLOR'] ?? '') === ''),
      subcommandTerm: (sub) => [sub.name(), ...sub.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`))].join(' '),
    })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      // the one place that prints errors is main.ts; the help of a group that was called without a command is none
      writeErr: (text) => void io.stderr.write(text),
      outputError: () => undefined,
      getOutHelpWidth: () => Math.min(io.stdout.columns || 100, 120),
      getErrHelpWidth: () => Math.min(io.stderr.columns || 100, 120),
      getOutHasColors: () => terminal,
    });
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

function footer(program: Command): string {
  const { styleTitle } = program.createHelp();
  const codes = Object.values(EXIT_CODES).map(({ code, text }) => `  ${String(code).padEnd(5)}${text}`);
  return [
    styleTitle('Environment:'),
    '  TRAINYARD_URL       the server, when it is not the one that runs here',
    '  TRAINYARD_TOKEN     who you are; without it the private file the server left for you',
    '  TRAINYARD_DATA_DIR  data directory of the server, where that file lies (default: ~/.trainyard)',
    '  TRAINYARD_DEBUG     1: show where an error comes from',
    '',
    styleTitle('Exit codes:'),
    ...codes,
    `  Commands that wait for a run end with its code: ${exitCode('ok')}, that of the program, ${exitCode('interrupted')} when it was stopped, else ${exitCode('failed')}.`,
  ].join('\n');
}

function bold(text: string, coloured: boolean): string {
  return coloured ? `\u001b[1m${text}\u001b[22m` : text;
}
