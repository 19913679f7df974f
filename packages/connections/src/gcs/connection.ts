import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import type { Connection } from '../connection.ts';
import { objectConnection } from '../transfer/object-connection.ts';
import { commonProblems, credentialsNamed } from '../transfer/spec-problems.ts';
import { bearerOf } from './bearer.ts';
import { GcsStore } from './store.ts';

const GOOGLE = 'https://storage.googleapis.com';

/** Google Cloud Storage. */
export const connection: Connection = objectConnection({
  type: 'gcs',
  problems,
  open: async (spec, { bucket, agents, env }) => new GcsStore({ bucket, agents, endpoint: spec.endpoint ?? GOOGLE, bearer: await bearerOf(spec, env), credentials: credentialsNamed(spec, 'keySecret (the JSON key of a service account)') }),
});

function problems(spec: ConnectionSpec): string[] {
  const { region = '', endpoint = '', role = '', credentials, keySecret = '' } = spec;
  return [
    ...commonProblems(spec),
    // Google needs none, ODAHU asks for one
    ...(region === '' && endpoint === '' && credentials === undefined ? ['gcs type requires that region must be non-empty'] : []),
    ...(role === '' ? [] : ['gcs type does not support role parameter yet must be non-empty']),
    ...((credentials ?? 'keys') === 'keys' && keySecret === '' ? ['gcs type requires that keySecret parameter must be non-empty'] : []),
    // whoever answers there would be handed this machine's token
    ...(credentials === 'ambient' && endpoint !== '' && URL.parse(endpoint)?.hostname.endsWith('.googleapis.com') !== true ? ["gcs type does not send this machine's credentials to an endpoint that is not Google's"] : []),
  ];
}
