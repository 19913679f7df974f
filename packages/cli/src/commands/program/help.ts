import { Command } from 'commander';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { nearest } from '@trainyard/core/nearest.ts';
import { withExamples } from '../../help-text.ts';

/** For a command that has others below it. Commander's own knows only one level, and has no words for a name that is not there. */
export function help(): Command {
  const command = new Command('help').helpGroup('Setup:').summary('show the help of a command').description('Shows the help of a command.').argument('[command...]', 'the words of the command');
  return withExamples(command, [['trainyard help train run', 'the same as: trainyard train run --help']]).action((words: readonly string[], _options: unknown, self: Command) => {
    // the cast: this command is only ever added to another
    words.reduce(below, self.parent as Command).outputHelp();
  });
}

function below(group: Command, word: string): Command {
  const found = group.commands.find((one) => one.name() === word || one.aliases().includes(word));
  if (found !== undefined) return found;
  const meant = nearest(word, group.commands.map((one) => one.name()));
  throw new TrainyardError('USAGE', { problem: `unknown command '${word}'`, advice: meant === undefined ? 'see what there is with: trainyard --help' : `Did you mean ${meant}?` });
}
