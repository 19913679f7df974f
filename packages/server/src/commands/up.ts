import { join } from 'node:path';
import { finished } from 'node:stream';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { compose, type Server } from '../compose.ts';
import { isLoopback } from '../config/loopback.ts';
import { type Config, readConfig } from '../config/read-config.ts';
import { readDotenv } from '../config/read-dotenv.ts';
import { idleOnDemandVariable, type OnDemandConfig, readOnDemand } from '../config/read-on-demand.ts';
import { readTelemetry } from '../config/read-telemetry.ts';
import { SETTINGS } from '../config/schema.ts';
import { writePrivate } from '../platform/write-private.ts';
import { rmSync } from 'node:fs';
import { openOnDemandPort, openPort } from './open-port.ts';

/**
 * Set to 1 by `trainyard local` for the server it starts (cli/src/local/local-server.ts), and by nobody else: that one also ends with
 * its input, so that it does not outlive a command which was killed. Any other server may well be started without an input.
 */
const ENDS_WITH_INPUT = 'TRAINYARD_ENDS_WITH_INPUT';

/** `trainyard up`: serves until SIGTERM or SIGINT; a second one ends it at once. */
export async function upCommand(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const dotenv = readDotenv('.env');
  const onDemand = readOnDemand(env, dotenv);
  const telemetry = readTelemetry(env, dotenv);
  const config = readConfig(argv, { ...settingsOf(onDemand), ...given(env) });
  if (!config.auth && !isLoopback(config.host)) throw new TrainyardError('UNSAFE_BIND', { host: config.host });
  const server = await compose(config, env, { onDemand, telemetry });
  try {
    return await serve(server, { config, onDemand, idle: idleOnDemandVariable(env, dotenv), endsWithInput: env[ENDS_WITH_INPUT] === '1' });
  } finally {
    await server.close();
  }
}

interface Serving {
  readonly config: Config;
  readonly onDemand: OnDemandConfig | undefined;
  /** A variable of the on-demand service that does nothing without the others. */
  readonly idle: string | undefined;
  readonly endsWithInput: boolean;
}

async function serve(server: Server, { config, onDemand, idle, endsWithInput }: Serving): Promise<number> {
  const stopped = endsWithInput ? Promise.race([stopSignal(), inputEnd()]).finally(() => process.stdin.destroy()) : stopSignal();
  const url = await openPort(server.app, config);
  await server.begin(url);
  const onDemandLine = server.onDemand === undefined || onDemand === undefined ? describeIdle(idle) : describeOnDemand(await openOnDemandPort(server.onDemand, onDemand), onDemand);
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

function describeIdle(variable: string | undefined): string {
  return variable === undefined ? '' : `On-demand training is off: ${variable} is set, but none of the variables that open it, as DATABRICKS_TYPE_MAPPING\n`;
}

function describeOnDemand(url: string, { auth, host, notebooks, engine }: OnDemandConfig): string {
  const who = auth ? 'a token is asked for' : `no token is asked for, as the clients of the original send none: ${isLoopback(host) ? 'every program of this machine' : 'everybody who reaches it'} may train these model types (ON_DEMAND_AUTH=token closes it)`;
  return `On-demand training is ready at ${url}\n  model types: ${[...notebooks.keys()].join(', ')} (engine ${engine})\n  token: ${who}\n`;
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

function inputEnd(): Promise<void> {
  // who was at the other end of the input read the output as well: there is nobody any more who could be told
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return new Promise((resolve) => {
    finished(process.stdin.resume(), () => resolve());
  });
}
