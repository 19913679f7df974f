import { hash } from 'node:crypto';
import { ALGORITHM, signatures } from './signature.ts';

export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

interface UnsignedCall {
  readonly method: 'GET' | 'POST';
  /** Without a query; its path is signed as it is written. */
  readonly url: URL;
  /** To be signed too; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Signer {
  readonly region: string;
  readonly service: 'sts' | 's3';
  readonly keys: AwsKeys;
  /** By the clock of the service. */
  readonly at: Date;
}

/** All headers of a call with Amazon's signature (version 4) of them. */
export function signedHeaders({ method, url, headers: given, body }: UnsignedCall, { region, service, keys, at }: Signer): Record<string, string> {
  const now = at.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${now.slice(0, 8)}/${region}/${service}/aws4_request`;
  const bodyHash = hash('sha256', body);
  // S3 wants to be told the hash, the others compute it
  const ofService = service === 's3' ? { 'x-amz-content-sha256': bodyHash } : {};
  const session = keys.sessionToken === undefined ? {} : { 'x-amz-security-token': keys.sessionToken };
  const headers: Record<string, string> = { ...given, host: url.host, 'x-amz-date': now, ...ofService, ...session };
  const sorted = Object.entries(headers).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const names = sorted.map(([name]) => name).join(';');
  const canonical = [method, url.pathname, '', ...sorted.map(([name, value]) => `${name}:${value}`), '', names, bodyHash].join('\n');
  const signature = signatures({ secretAccessKey: keys.secretAccessKey, scope, time: now })(canonical);
  return { ...headers, authorization: `${ALGORITHM} Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}` };
}
