import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** 16 MiB and some 50 ms: slow enough for whoever steals the table, and paid once per process and token. */
const COST = { N: 16_384, r: 8, p: 1 };

/** `scrypt:<salt>:<hash>` */
export async function hashToken(token: string): Promise<string> {
  const salt = randomBytes(16);
  return `scrypt:${salt.toString('base64')}:${(await derive(token, salt)).toString('base64')}`;
}

export async function tokenMatches(token: string, stored: string): Promise<boolean> {
  const [scheme, salt, hash] = stored.split(':');
  if (scheme !== 'scrypt' || salt === undefined || hash === undefined) return false;
  return timingSafeEqual(await derive(token, Buffer.from(salt, 'base64')), Buffer.from(hash, 'base64'));
}

function derive(token: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(token, salt, 32, COST, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}
