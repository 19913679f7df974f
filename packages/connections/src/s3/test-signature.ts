import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsKeys } from './signed-headers.ts';

/** As Amazon's own library wants its hashes. */
class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;

  constructor(secret?: string | Uint8Array) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
  }

  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }

  reset(): void {
    throw new Error('it is used once');
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
}

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** How Amazon's own library authorizes a request that came, with the headers it says it signed. */
export async function authorizationOf({ method, path, headers, body }: Asked, { service, region, credentials }: { readonly service: string; readonly region: string; readonly credentials: AwsKeys }): Promise<string | undefined> {
  const names = /SignedHeaders=([^,]*)/.exec(headers.authorization ?? '')?.[1]?.split(';') ?? [];
  const signed = Object.fromEntries(names.map((name) => [name, String(headers[name])]));
  // its type wants the two kinds of hashes it knows in one
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 as never, applyChecksum: false, uriEscapePath: false });
  const signingDate = new Date(String(headers['x-amz-date']).replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  const [hostname = '', port] = String(headers.host).split(':');
  const request = await signer.sign({ method, protocol: 'http:', hostname, port: Number(port), path, query: {}, headers: signed, body }, { signingDate });
  return request.headers['authorization'];
}
