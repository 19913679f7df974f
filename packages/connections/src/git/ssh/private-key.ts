import { ConnectionError } from '../../connection.ts';

const ARMOUR = /^-----BEGIN ((?:OPENSSH |RSA |EC |DSA |ENCRYPTED )?PRIVATE KEY)-----\n([\s\S]+)\n-----END \1-----$/;

/** The private key as ssh reads it from a file. Throws ConnectionError `refused` for what ssh could not use without asking somebody. */
export function readablePrivateKey(keySecret: string): string {
  const text = keySecret.replace(/\r\n?/g, '\n').trim();
  const [, kind, body = ''] = ARMOUR.exec(text) ?? [];
  if (kind === undefined) throw refused("is no private SSH key: it has to begin with '-----BEGIN OPENSSH PRIVATE KEY-----' (or RSA, EC) and to end with the matching line");
  if (isLocked(kind, body)) throw refused('is locked with a passphrase, and nobody is there to type it: give one without (ssh-keygen -p -N "" -f <file> takes it away), best a deploy key that may only read this repository');
  return `${text}\n`;
}

function isLocked(kind: string, body: string): boolean {
  if (kind === 'ENCRYPTED PRIVATE KEY') return true;
  if (kind !== 'OPENSSH PRIVATE KEY') return body.includes('ENCRYPTED');
  // openssh-key-v1\0, then the length and the name of the cipher
  const bytes = Buffer.from(body, 'base64');
  const start = 'openssh-key-v1\0'.length;
  const length = bytes.length > start + 4 ? bytes.readUInt32BE(start) : 0;
  return bytes.toString('latin1', start + 4, start + 4 + length) !== 'none';
}

function refused(what: string): ConnectionError {
  return new ConnectionError('refused', `the keySecret of the connection ${what}`);
}
