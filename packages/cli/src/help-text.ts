import type { Command } from 'commander';

/** Examples below the help of a command: what to type, and what it does. */
export function withExamples(command: Command, examples: readonly (readonly [command: string, what: string])[]): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, what]) => `  ${line.padEnd(width)}  # ${what}`);
  return command.addHelpText('after', () => `\n${command.createHelp().styleTitle('Examples:')}\n${lines.join('\n')}`);
}
