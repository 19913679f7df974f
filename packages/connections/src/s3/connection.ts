import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import type { Connection } from '../connection.ts';
import { objectConnection } from '../transfer/object-connection.ts';
import { commonProblems, credentialsNamed } from '../transfer/spec-problems.ts';

/** Amazon's S3, and everything that speaks it. */
export const connection: Connection = objectConnection({
  type: 's3',
  problems,
  async open(spec, opening) {
    // the SDK takes a third of a second to load: not for a check of the fields
    const [{ S3Store }, { s3Client }] = await Promise.all([import('./store.ts'), import('./client.ts')]);
    return new S3Store(s3Client(spec, opening), opening, credentialsNamed(spec, 'keyID, keySecret and region'));
  },
});

function problems(spec: ConnectionSpec): string[] {
  const { region = '', endpoint = '', credentials = 'keys', keyID = '', keySecret = '' } = spec;
  return [
    ...commonProblems(spec),
    // a service of one's own has none, and a machine of Amazon's knows its own
    ...(region === '' && endpoint === '' && credentials !== 'ambient' ? ['s3 type requires that region must be non-empty'] : []),
    ...(credentials === 'keys' && (keyID === '' || keySecret === '') ? ['s3 type requires that keyID and keySecret parameters must be non-empty'] : []),
    ...(credentials === 'anonymous' && (spec.role ?? '') !== '' ? ['s3 type cannot assume a role with anonymous credentials'] : []),
  ];
}
