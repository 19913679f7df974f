import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Run } from '@trainyard/api/schemas/run.ts';
import type { Cli } from '../cli.ts';
import { Connection } from '../connection/connection.ts';
import type { Io } from '../io.ts';
import { openLocalServer } from './local-server.ts';

/** What makes no sense with a server that ends with the command. */
const NOT_HERE = ['up', 'local', 'db', 'completion'];
const STOPPING_MS = 60_000;
const POLL_MS = 200;
const ACTIVE = ['queued', 'preparing', 'running'] as const;

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
    if (io.interrupted.aborted) await stopRuns(cli, server);
    return code;
  } finally {
    await server.close();
  }
}

async function stopRuns(cli: Cli, { url, token }: { readonly url: string; readonly token: string | undefined }): Promise<void> {
  const connection = new Connection({ url, token, urlFrom: 'file', tokenFrom: 'file', file: undefined }, { pace: cli.pace, interrupted: new AbortController().signal });
  const active = async (): Promise<Run[]> => (await connection.list<Run>(Infinity, ({ limit, cursor }) => connection.call('listRuns', { query: { state: [...ACTIVE], limit, ...(cursor === undefined ? {} : { cursor }) } }))).items;
  for (const run of await active()) await connection.call('stopRun', { params: { id: run.id } });
  for (const deadline = Date.now() + STOPPING_MS; Date.now() < deadline && (await active()).length > 0; ) await new Promise((done) => setTimeout(done, POLL_MS));
}
