import { Command } from 'commander';
import { withExamples } from '../help-text.ts';

/** Carried out by the server's program (see bin/trainyard.mjs); here for its help and for completion. */
export function up(): Command {
  const command = new Command('up')
    .helpGroup('Server:')
    .summary('start a server')
    .description('Starts a Trainyard server and stays until Ctrl-C. It listens on this machine only, unless told otherwise.\n\nThe first start writes a token into a private file of the data directory, where the commands of the same user find it.')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <number>', 'port to listen on, 0 for any (default: 5000)')
    .option('--data-dir <dir>', 'where everything is kept (default: TRAINYARD_DATA_DIR, or ~/.trainyard)')
    .option('--database-url <url>', 'PostgreSQL instead of the embedded SQLite')
    .option('--allowed-hosts <names>', 'further host names it answers to, separated by commas')
    .option('--max-local-runs <number>', 'runs on this machine at the same time (default: its processors)')
    .addHelpText('after', '\nEvery setting, also as an environment variable: docs/reference/config.md');
  return withExamples(command, [
    ['trainyard up', 'on http://127.0.0.1:5000'],
    ['trainyard up --port 0 --data-dir ./yard', 'any free port, everything in ./yard'],
  ]);
}
