import { isIP } from 'node:net';
import { join } from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { compose, type Server } from '../compose.ts';
import { type Config, readConfig } from '../config/read-config.ts';
import { writePrivate } from '../platform/write-private.ts';
import { rmSync } from 'node:fs';

/** `trainyard up`: serves until SIGTERM or SIGINT; a second one ends it at once. */
export async function upCommand(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const config = readConfig(argv, env);
  if (!config.auth && !isLoopback(config.host)) throw new TrainyardError('UNSAFE_BIND', { host: config.host });
  const server = await compose(config, env);
  try {
    return await serve(server, config);
  } finally {
    await server.close();
  }
}

async function serve(server: Server, config: Config): Promise<number> {
  const stopped = stopSignal();
  const url = await listen(server, config);
  await server.begin(url);
  // scripts and the quickstart find address and token here; the file is private
  const handover = join(config.dataDir, 'cli.json');
  writePrivate(handover, `${JSON.stringify({ url, ...(server.token === undefined ? {} : { token: server.token }) }, null, 2)}\n`);
  process.stdout.write(`Trainyard is ready at ${url}\n  data: ${config.dataDir}\n  token: ${config.auth ? `in ${handover}` : 'none is asked for (--auth off)'}\n`);
  await stopped;
  process.stdout.write('stopping; trainings go on and are adopted at the next start\n');
  rmSync(handover, { force: true });
  return 0;
}

async function listen(server: Server, { host, port }: Config): Promise<string> {
  try {
    await server.app.listen({ host, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw new TrainyardError('PORT_TAKEN', { host, port });
    throw error;
  }
  const address = server.app.server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return `http://${reachable(host)}:${bound}`;
}

/** An address one can connect to, for one that means all. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return isIP(host) === 6 ? `[${host}]` : host;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (): void => {
      if (asked) process.exit(130);
      asked = true;
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
