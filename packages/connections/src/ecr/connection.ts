import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { type Checked, type Connection, type ConnectionContext, ConnectionError, type Place } from '../connection.ts';
import { withinCheckTime } from '../check-time.ts';
import { onlyCredentials } from '../credentials-only.ts';
import { pingRegistry, registryOf } from '../registry-ping.ts';

const REGISTRY = /^(https:\/\/)?(\d{12}\.dkr\.ecr(-fips)?\.[a-z0-9][a-z0-9_-]*\.amazonaws\.com(\.cn)?|public\.ecr\.aws)(\/|$)/i;

/** Keys for Amazon's container registry. */
export const connection: Connection = {
  type: 'ecr',
  uses: [],
  problems({ uri, keyID = '', keySecret = '' }: ConnectionSpec): string[] {
    return [
      ...(uri === '' ? ['empty uri'] : []),
      // the words are those of the library that ODAHU asks
      ...(uri === '' || REGISTRY.test(uri) ? [] : ['not valid uri for ecr type: docker-credential-ecr-login can only be used with Amazon Elastic Container Registry.']),
      ...(keyID === '' || keySecret === '' ? ['ecr type requires that keyID and keySecret parameters must be non-empty'] : []),
    ];
  },
  async check({ spec }: Place, context: ConnectionContext): Promise<Checked> {
    const url = registryOf(spec.uri);
    if (url === undefined) throw new ConnectionError('invalid', 'the uri of the connection names no registry: write <account>.dkr.ecr.<region>.amazonaws.com/<prefix>');
    await withinCheckTime(`the registry ${url.host}`, context, (timed) => pingRegistry(url, undefined, timed));
    return { notes: [`the registry ${url.host} is there; whether it takes the keys is only seen when they are used`] };
  },
  fetch: () => onlyCredentials('ecr'),
};
