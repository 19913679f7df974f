import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { withoutEndingSlashes } from '@trainyard/core/ending-slashes.ts';

/** Where `hdfs://` addresses lead to: programs that speak Hadoop's own protocol, which is not ours. */
const RPC_PORTS = new Set(['', '8020', '9000']);
const WEB_PORT = '9870';
const PREFIX = /^\/webhdfs\/v1(?=\/|$)/;

export interface HdfsAddress {
  /** Of the WebHDFS service, ending in `/webhdfs/v1`. */
  readonly base: URL;
  /** As the user wrote it, for messages. */
  readonly location: string;
  /** Without a slash in front. */
  readonly path: string;
}

/** `hdfs://`, `webhdfs://`, `swebhdfs://`, `http://` or `https://`, with the path in the file system. Undefined for anything else. */
export function hdfsAddress({ uri, endpoint = '' }: Pick<ConnectionSpec, 'uri' | 'endpoint'>): HdfsAddress | undefined {
  // URL reads the host only of schemes it knows
  const [, scheme = '', rest = ''] = /^(hdfs|webhdfs|swebhdfs|https?):\/\/(.+)$/i.exec(uri.trim()) ?? [];
  const written = URL.parse(`http://${rest}`);
  if (rest === '' || written === null || written.username !== '' || written.password !== '') return undefined;
  const isSecure = /^(swebhdfs|https)$/i.test(scheme);
  const port = scheme.toLowerCase() === 'hdfs' && RPC_PORTS.has(written.port) ? WEB_PORT : written.port;
  const web = endpoint === '' ? URL.parse(`http${isSecure ? 's' : ''}://${written.hostname}${port === '' ? '' : `:${port}`}`) : URL.parse(endpoint);
  if (web === null) return undefined;
  const root = withoutEndingSlashes(web.pathname);
  const path = rest.replace(/^[^/?#]*/, '').replace(/[?#].*$/, '');
  return { base: new URL(`${root.endsWith('/webhdfs/v1') ? root : `${root}/webhdfs/v1`}`, web), location: `${scheme.toLowerCase()}://${written.host}`, path: path.replace(PREFIX, '').replace(/^\/+/, '') };
}
