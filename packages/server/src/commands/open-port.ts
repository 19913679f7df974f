import { isIP } from 'node:net';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { FastifyInstance } from 'fastify';
import { SETTINGS } from '../config/schema.ts';

interface Address {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

type Trouble = 'port_taken' | 'port_forbidden' | 'no_address';

/** By the code of the system. */
const TROUBLES: ReadonlyMap<string | undefined, Trouble> = new Map([
  ['EADDRINUSE', 'port_taken'],
  ['EACCES', 'port_forbidden'],
  ['EADDRNOTAVAIL', 'no_address'],
  ['ENOTFOUND', 'no_address'],
  ['EAI_AGAIN', 'no_address'],
]);

/** Listens where the server's own settings say; answers the URL. Throws PORT_TAKEN, INVALID_SETTING. */
export function openPort(app: FastifyInstance, address: Address): Promise<string> {
  const wrong = (name: 'host' | 'port', problem: string): TrainyardError => new TrainyardError('INVALID_SETTING', { setting: SETTINGS[name].flag, problem });
  return open(app, address, (trouble) => {
    switch (trouble) {
      case 'port_taken':
        return new TrainyardError('PORT_TAKEN', { ...address });
      case 'port_forbidden':
        return wrong('port', `${forbidden(address)}: choose one above 1023`);
      case 'no_address':
        return wrong('host', noAddress(address));
      default:
        return trouble satisfies never;
    }
  });
}

/** Listens where the variables of the on-demand service say; answers the URL. Throws ON_DEMAND_VARIABLE. */
export function openOnDemandPort(app: FastifyInstance, address: Address): Promise<string> {
  const wrong = (problem: string): TrainyardError => new TrainyardError('ON_DEMAND_VARIABLE', { problem });
  return open(app, address, (trouble) => {
    switch (trouble) {
      case 'port_taken':
        return wrong(`Port ${address.port} on ${address.host} is taken: set the environment variable PORT to another one`);
      case 'port_forbidden':
        return wrong(`${forbidden(address)}: set the environment variable PORT to one above 1023 (80 when it is not set)`);
      case 'no_address':
        return wrong(`Environment variable ON_DEMAND_HOST cannot be used: ${noAddress(address)}`);
      default:
        return trouble satisfies never;
    }
  });
}

function forbidden({ host, port }: Address): string {
  return `Port ${port} on ${host} may not be opened by the user this server runs as`;
}

function noAddress({ host }: Address): string {
  return `'${host}' is not an address of this machine`;
}

async function open(app: FastifyInstance, { host, port }: Address, errorOf: (trouble: Trouble) => TrainyardError): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const trouble = TROUBLES.get((error as NodeJS.ErrnoException).code);
    throw trouble === undefined ? error : errorOf(trouble);
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
