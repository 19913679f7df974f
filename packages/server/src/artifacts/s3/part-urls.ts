import type { AwsKeys } from '@trainyard/connections/s3/signed-headers.ts';
import { signatures } from '@trainyard/connections/s3/signature.ts';

const SIGNATURE = 'X-Amz-Signature';

/**
 * The presigned URL of each part of an upload, made like the one the SDK has made for its first part: that took the processor
 * 2 ms, and an upload may have 10,000 of them. Undefined when these keys do not make the same URL for the first part as well (a kind of
 * bucket with keys of its own, keys that were just renewed): then only the SDK knows how.
 */
export function partUrlsLike(first: string, { secretAccessKey }: Pick<AwsKeys, 'secretAccessKey'>): ((number: number) => string) | undefined {
  const [base = '', query = ''] = first.split('?');
  const { host, pathname } = new URL(base);
  const given = new Map(query.split('&').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
  given.delete(SIGNATURE);
  const names = [...given.keys()].toSorted();
  const scope = decodeURIComponent(given.get('X-Amz-Credential') ?? '').split('/').slice(-4).join('/');
  const signatureOf = signatures({ secretAccessKey, scope, time: given.get('X-Amz-Date') ?? '' });
  const urlOf = (number: number): string => {
    const signed = names.map((name) => `${name}=${name === 'partNumber' ? number : given.get(name)}`).join('&');
    const canonical = ['PUT', pathname, signed, `host:${host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join('\n');
    return `${base}?${signed}&${SIGNATURE}=${signatureOf(canonical)}`;
  };
  return signatureIn(urlOf(1)) === signatureIn(first) ? urlOf : undefined;
}

function signatureIn(url: string): string | null {
  return new URL(url).searchParams.get(SIGNATURE);
}
