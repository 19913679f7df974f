import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import type { Connection } from '../connection.ts';
import { objectConnection } from '../transfer/object-connection.ts';
import { isHttpUrl } from '../transfer/spec-problems.ts';
import { hdfsAddress } from './address.ts';
import { HdfsStore } from './store.ts';
import { WebHdfs } from './web-hdfs.ts';

/** Hadoop's file system over WebHDFS. */
export const connection: Connection = objectConnection({
  type: 'hdfs',
  problems,
  placeIn: (spec) => {
    const address = hdfsAddress(spec);
    return address === undefined ? undefined : { bucket: address.location, path: address.path };
  },
  async open(spec, { bucket, agents }) {
    const address = hdfsAddress(spec);
    if (address === undefined) throw new Error('a spec without problems has an address');
    return new HdfsStore(new WebHdfs(address.base, spec, agents), bucket);
  },
});

function problems(spec: ConnectionSpec): string[] {
  const { uri, endpoint = '', token = '', password = '', username = '', credentials = 'keys' } = spec;
  if (uri === '') return ['empty uri'];
  return [
    ...(hdfsAddress(spec) === undefined ? ['hdfs type requires a uri of the form hdfs://<name node>:<port>/<path>, webhdfs://…, swebhdfs://…, http://… or https://…, without credentials'] : []),
    ...(endpoint === '' || isHttpUrl(endpoint) ? [] : ['hdfs type requires that endpoint is an http or https URL without credentials']),
    ...(credentials === 'ambient' ? ['hdfs type knows no credentials of the machine: set username, or token'] : []),
    ...(password !== '' && username === '' ? ['hdfs type requires the username parameter when there is a password'] : []),
    ...(password !== '' && token !== '' ? ['hdfs type takes a token or a password, not both'] : []),
  ];
}
