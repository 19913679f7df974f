import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Cli } from '../cli.ts';
import { Connection } from '../connection/connection.ts';
import type { Io } from '../io.ts';
import { openLocalServer } from './local-server.ts';
import { stopRuns } from './stop-runs.ts';

/** What makes no sense with a server that ends with the command. */
const NOT_HERE = ['up', 'local', 'db', 'completion'];

/**
 * Carries out a command line against a server that lives as long as it: `run` is what does so. When the user interrupts it,
 * the runs that are active are stopped first, as nobody would be left to look after them.
 */
export async function inLocalServer(cli: Cli, words: readonly string[], run: (words: readonly string[], io: Io) => Promise<number>): Promise<number> {
  const { io } = cli;
  const [name = ''] = words;
  if (name === '' || NOT_HERE.includes(name)) throw new TrainyardError('USAGE', { problem: `'trainyard local ${name}' is no command`, advice: 'write the command behind it, like: trainyard local train run examples/wine' });
  if (io.program === undefined) throw new TrainyardError('USAGE', { problem: 'there is no program to start a server with', advice: 'call the installed program: trainyard local …' });
  const server = await openLocalServer(io, io.program);
  try {
    const code = await run(words, { ...io, local: true, env: { ...io.env, TRAINYARD_URL: server.url, TRAINYARD_TOKEN: server.token } });
    if (io.interrupted.aborted) {
      const address = { url: server.url, token: server.token, urlFrom: 'file', tokenFrom: 'file', file: undefined } as const;
      await stopRuns(new Connection(address, { pace: cli.pace, interrupted: new AbortController().signal }));
    }
    return code;
  } finally {
    await server.close();
  }
}
