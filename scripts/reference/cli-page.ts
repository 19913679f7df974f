import { PassThrough } from 'node:stream';
import { Cli } from 'trainyard/cli.ts';
import { makeProgram } from 'trainyard/program.ts';

type Command = ReturnType<typeof makeProgram>;

/** Every command with what its `--help` says. */
export function cliPage(): string {
  const written: string[] = [];
  const program = makeProgram(new Cli(silentIo((text) => written.push(text)), { argv: [] }));
  const helpOf = (command: Command): string => {
    written.length = 0;
    command.outputHelp();
    return written.join('').trimEnd();
  };
  const sections = leaves(program, 'trainyard').map(({ name, command }) => `## ${name}\n\n\`\`\`\n${helpOf(command)}\n\`\`\``);
  return [
    '# Command line',
    'In a clone: `npx trainyard …`. What `--help` says of each command:',
    `\`\`\`\n${helpOf(program)}\n\`\`\``,
    ...sections,
  ].join('\n\n');
}

/** Commands that do something, in the order of the help. */
function leaves(command: Command, name: string): { name: string; command: Command }[] {
  if (command.commands.length === 0) return [{ name, command }];
  return command.commands.filter((inner) => inner.name() !== 'help').flatMap((inner) => leaves(inner, `${name} ${inner.name()}`));
}

/** No terminal, no environment: the page is the same on every machine. */
function silentIo(write: (text: string) => void): ConstructorParameters<typeof Cli>[0] {
  const out = Object.assign(new PassThrough(), { columns: 100, write: (text: string) => (write(text), true) });
  return { stdin: new PassThrough(), stdout: out, stderr: out, env: {}, cwd: '/', home: '/', interrupted: new AbortController().signal, readerGone: new AbortController().signal };
}
