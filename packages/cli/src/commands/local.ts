import { Command } from 'commander';
import { withExamples } from '../help-text.ts';

/** Carried out before the command line is read (see main.ts); here for its help and for completion. */
export function local(): Command {
  const command = new Command('local')
    .helpGroup('Server:')
    .summary('carry a command out without a server')
    .description(
      'Starts a server for this command alone, on this machine, and ends it with the command. Data, variables and git are honoured as on any server; trainings run on the engine local.\n\n' +
        'What it keeps (runs, models, built environments) lies in TRAINYARD_LOCAL_DIR, or ~/.trainyard/local. Ctrl-C stops the runs, and so does closing the terminal.',
    )
    .argument('<command...>', 'any other command, with its options');
  return withExamples(command, [
    ['trainyard local train run examples/wine', 'train this directory'],
    ['trainyard local apply -f manifests/ --yes', 'connections and toolchains it needs'],
    ['trainyard local runs', 'what was trained this way'],
    ['trainyard local artifacts 1', 'what is left of it'],
  ]);
}
