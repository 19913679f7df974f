import { messageOf, isTrainyardError } from '@trainyard/core/errors.ts';
import { databaseCommand } from './commands/database.ts';
import { rotateKeyCommand } from './commands/rotate-key.ts';
import { upCommand } from './commands/up.ts';

/** The server's own commands; the CLI's launcher sends them here. */
const COMMANDS: Readonly<Record<string, (argv: readonly string[], env: NodeJS.ProcessEnv) => Promise<number>>> = {
  up: upCommand,
  db: databaseCommand,
  secrets: rotateKeyCommand,
};

/** Runs `up`, `db …` or `secrets rotate-key` and answers the exit code. */
export async function runServer(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [name = 'up', ...rest] = argv;
  const command = COMMANDS[name];
  try {
    if (command === undefined) throw new Error(`'${name}' is not one of ${Object.keys(COMMANDS).join(', ')}`);
    return await command(rest, env);
  } catch (error) {
    process.stderr.write(`error: ${messageOf(error)}\n${isTrainyardError(error) ? `  hint: ${error.hint}\n` : ''}`);
    if (env['TRAINYARD_DEBUG'] === '1') process.stderr.write(`${error instanceof Error ? error.stack : ''}\n`);
    // of the exit codes of the CLI; a variable of the original on-demand service ends it with 1, as it did there
    return isTrainyardError(error) && ['INVALID_SETTING', 'USAGE'].includes(error.code) ? 2 : 1;
  }
}
