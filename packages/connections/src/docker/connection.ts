import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { type Checked, type Connection, type ConnectionContext, ConnectionError, type Place } from '../connection.ts';
import { withinCheckTime } from '../check-time.ts';
import { onlyCredentials } from '../credentials-only.ts';
import { pingRegistry, registryOf } from '../registry-ping.ts';

/** User and password of a container registry. */
export const connection: Connection = {
  type: 'docker',
  uses: [],
  problems({ uri, username = '', password = '' }: ConnectionSpec): string[] {
    return [
      ...(uri === '' ? ['empty uri'] : []),
      ...(password === '' ? ['docker type requires the password parameter'] : []),
      ...(username === '' ? ['docker type requires the username parameter'] : []),
    ];
  },
  async check({ spec }: Place, context: ConnectionContext): Promise<Checked> {
    const url = registryOf(spec.uri);
    if (url === undefined) throw new ConnectionError('invalid', 'the uri of the connection names no registry: write <host>/<prefix>');
    const answer = await withinCheckTime(`the registry ${url.host}`, context, (timed) => pingRegistry(url, spec, timed));
    return { notes: answer === 'open' ? [`the registry ${url.host} lets everybody in: user and password were not looked at`] : [] };
  },
  fetch: () => onlyCredentials('docker'),
};
