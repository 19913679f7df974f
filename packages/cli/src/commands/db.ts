import { Command } from 'commander';
import { withExamples } from '../help-text.ts';

/** Carried out by the server's program (see bin/trainyard.mjs); here for its help and for completion. */
export function db(): Command {
  const command = new Command('db').helpGroup('Server:').summary('check and back up the database of a server').description('Cares for the database of a server. Runs on the machine of the server, on its data directory.');
  const check = new Command('check').summary('check that the database is whole').description('Checks that the database is whole and of this version.');
  const backup = new Command('backup').summary('write a copy of the database').description('Writes a copy of the database that can be restored, also while the server runs.').argument('<file>', 'where to write it');
  for (const one of [check, backup]) one.option('--data-dir <dir>', 'data directory of the server').option('--database-url <url>', 'PostgreSQL instead of the embedded SQLite');
  return command
    .addCommand(withExamples(check, [['trainyard db check', 'the database of ~/.trainyard']]))
    .addCommand(withExamples(backup, [['trainyard db backup /backups/yard.db', 'a copy of it']]));
}
