import { isIP } from 'node:net';
import { type ConnectionContext, ConnectionError } from './connection.ts';

/**
 * The address a host may be reached at, where the context decides that; undefined where the machine's own resolver does.
 * Whoever gets an address must call that address: asked again, the name may give another. Throws `unreachable` for an unknown
 * name, `refused` for a host that may not be reached. A host that is an address already is asked about as well.
 */
export async function addressOf(host: string, { lookup }: Pick<ConnectionContext, 'lookup'>): Promise<string | undefined> {
  if (lookup === undefined) return undefined;
  const name = withoutBrackets(host);
  return new Promise((resolve, reject) => {
    lookup(name, { family: isIP(name) }, (error, address) => {
      const found = typeof address === 'string' ? address : address?.[0]?.address;
      if (error === null && found !== undefined) resolve(found);
      else reject(problemOf(host, error));
    });
  });
}

/** An IPv6 address has them in a URL, and nowhere else. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

function problemOf(host: string, error: NodeJS.ErrnoException | null): ConnectionError {
  const unknown = error === null || ['ENOTFOUND', 'EAI_AGAIN', 'ENODATA', 'ETIMEOUT'].includes(error.code ?? '');
  if (unknown) return new ConnectionError('unreachable', `the name ${host} has no address: check it for typing errors`, { cause: error ?? undefined });
  return new ConnectionError('refused', `${host} may not be reached from here: ${error.message}`, { cause: error });
}
