import { createHmac, hash } from 'node:crypto';

interface Signing {
  readonly secretAccessKey: string;
  /** `<day>/<region>/<service>/aws4_request` */
  readonly scope: string;
  /** As `x-amz-date` says it. */
  readonly time: string;
}

export const ALGORITHM = 'AWS4-HMAC-SHA256';

/** Amazon's signatures (version 4) of canonical requests, in hex digits. The key of their scope is derived once for all of them. */
export function signatures({ secretAccessKey, scope, time }: Signing): (canonical: string) => string {
  const key = scope.split('/').reduce<string | Buffer>((secret, part) => createHmac('sha256', secret).update(part).digest(), `AWS4${secretAccessKey}`);
  return (canonical) => createHmac('sha256', key).update([ALGORITHM, time, scope, hash('sha256', canonical)].join('\n')).digest('hex');
}
