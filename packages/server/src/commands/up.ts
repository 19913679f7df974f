import { isIP } from 'node:net';
import { join } from 'node:path';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyInstance } from 'fastify';
import { compose, type Server } from '../compose.ts';
import { isLoopback } from '../config/loopback.ts';
import { type Config, readConfig } from '../config/read-config.ts';
import { readDotenv } from '../config/read-dotenv.ts';
import { type OnDemandConfig, readOnDemand } from '../config/read-on-demand.ts';
import { readTelemetry } from '../config/read-telemetry.ts';
import { SETTINGS } from '../config/schema.ts';
import { writePrivate } from '../platform/write-private.ts';
import { rmSync } from 'node:fs';

/** `trainyard up`: serves until SIGTERM or SIGINT; a second one ends it at once. */
export async function upCommand(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const dotenv = readDotenv('.env');
  const onDemand = readOnDemand(env, dotenv);
  const telemetry = readTelemetry(env, dotenv);
  const config = readConfig(argv, { ...settingsOf(onDemand), ...given(env) });
  if (!config.auth && !isLoopback(config.host)) throw new TrainyardError('UNSAFE_BIND', { host: config.host });
  const server = await compose(config, env, { onDemand, telemetry });
  try {
    return await serve(server, config, onDemand);
  } finally {
    await server.close();
  }
}

async function serve(server: Server, config: Config, onDemand: OnDemandConfig | undefined): Promise<number> {
  const stopped = stopSignal();
  const url = await listen(server.app, config);
  await server.begin(url);
  const onDemandLine = server.onDemand === undefined || onDemand === undefined ? '' : describeOnDemand(await listen(server.onDemand, onDemand), onDemand);
  // scripts and the quickstart find address and token here; the file is private
  const handover = join(config.dataDir, 'cli.json');
  writePrivate(handover, `${JSON.stringify({ url, ...(server.token === undefined ? {} : { token: server.token }) }, null, 2)}\n`);
  process.stdout.write(`Trainyard is ready at ${url}\n  data: ${config.dataDir}\n  token: ${config.auth ? `in ${handover}` : 'none is asked for (--auth off)'}\n${onDemandLine}`);
  await stopped;
  process.stdout.write('stopping; trainings go on and are adopted at the next start\n');
  rmSync(handover, { force: true });
  return 0;
}

/** The settings of the server that the on-demand service's variables mean; the server's own win. */
function settingsOf(onDemand: OnDemandConfig | undefined): Record<string, string> {
  return onDemand?.logLevel === undefined ? {} : { [SETTINGS.logLevel.env]: onDemand.logLevel };
}

/** An empty variable is one that is not set. */
function given(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}

function describeOnDemand(url: string, { auth, host, notebooks, engine }: OnDemandConfig): string {
  const who = auth ? 'a token is asked for' : `no token is asked for, as the clients of the original send none: ${isLoopback(host) ? 'every program of this machine' : 'everybody who reaches it'} may train these model types (ON_DEMAND_AUTH=token closes it)`;
  return `On-demand training is ready at ${url}\n  model types: ${[...notebooks.keys()].join(', ')} (engine ${engine})\n  token: ${who}\n`;
}

async function listen(app: FastifyInstance, { host, port }: { readonly host: string; readonly port: number }): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw new TrainyardError('PORT_TAKEN', { host, port });
    throw error;
  }
  const address = app.server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return `http://${reachable(host)}:${bound}`;
}

/** An address one can connect to, for one that means all. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return isIP(host) === 6 ? `[${host}]` : host;
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
