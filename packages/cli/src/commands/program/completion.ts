import { Argument, Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { withExamples } from '../../help-text.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export function completion(cli: Cli): Command {
  const command = new Command('completion')
    .helpGroup('Setup:')
    .summary('print a script that completes commands in a shell')
    .description('Prints a script that completes commands and options in a shell.')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS));
  return withExamples(command, [
    ['source <(trainyard completion bash)', 'in ~/.bashrc'],
    ['source <(trainyard completion zsh)', 'in ~/.zshrc, behind compinit'],
    ['trainyard completion fish | source', 'in ~/.config/fish/config.fish'],
  ]).action(async (shell: (typeof SHELLS)[number], _options: unknown, self: Command) => {
    const { commandWords } = await import('../../completion/command-tree.ts');
    const words = commandWords(self.parent ?? self);
    await cli.out.write(await scriptFor(shell, words));
  });
}

async function scriptFor(shell: (typeof SHELLS)[number], words: ReturnType<typeof import('../../completion/command-tree.ts').commandWords>): Promise<string> {
  switch (shell) {
    case 'bash':
      return (await import('../../completion/bash.ts')).bashCompletion(words);
    case 'zsh':
      return (await import('../../completion/zsh.ts')).zshCompletion(words);
    case 'fish':
      return (await import('../../completion/fish.ts')).fishCompletion(words);
    default:
      return shell satisfies never;
  }
}
