import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import type { Connection } from '../connection.ts';
import { objectConnection } from '../transfer/object-connection.ts';
import { commonProblems, credentialsNamed } from '../transfer/spec-problems.ts';
import { accountOf, isOfAzure } from './account.ts';

/** Azure's blob storage; the bucket is a container. */
export const connection: Connection = objectConnection({
  type: 'azureblob',
  problems,
  async open(spec, opening) {
    const account = accountOf(spec, opening.bucket);
    const [{ AzureStore }, { azureContainer }] = await Promise.all([import('./store.ts'), import('./client.ts')]);
    return new AzureStore(azureContainer(account, opening), credentialsNamed(spec, 'keySecret (a SAS URL or an account key)'));
  },
});

function problems(spec: ConnectionSpec): string[] {
  const { endpoint = '', credentials = 'keys', keySecret = '', username = '', keyID = '' } = spec;
  const url = URL.parse(endpoint);
  return [
    ...commonProblems(spec),
    ...(credentials === 'keys' && keySecret === '' ? ['azureblob type requires that keySecret parameter contains HTTP endpoint with SAS Token'] : []),
    ...(credentials !== 'keys' && endpoint === '' && username === '' && keyID === '' ? ['azureblob type requires the name of the account in username, or its URL in endpoint'] : []),
    // whoever answers there would be handed this machine's token
    ...(credentials === 'ambient' && url !== null && !isOfAzure(url) ? ["azureblob type does not send this machine's credentials to an endpoint that is not Azure's"] : []),
  ];
}
