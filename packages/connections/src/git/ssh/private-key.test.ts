import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ConnectionError } from '../../connection.ts';
import { readablePrivateKey } from './private-key.ts';

const encoding = (type: 'pkcs1' | 'pkcs8' | 'sec1', locked: boolean): { readonly type: typeof type; readonly format: 'pem' } => ({ type, format: 'pem', ...(locked ? { cipher: 'aes-256-cbc', passphrase: 'opensesame' } : {}) });
const rsa = (type: 'pkcs1' | 'pkcs8', locked: boolean): string => generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: encoding(type, locked) as { type: 'pkcs8'; format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } }).privateKey;
const openssh = (cipher: string): string => {
  const name = Buffer.from(cipher);
  const body = Buffer.concat([Buffer.from('openssh-key-v1\0'), Buffer.from([0, 0, 0, name.length]), name, Buffer.alloc(200)]);
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString('base64').replace(/.{70}/g, '$&\n')}\n-----END OPENSSH PRIVATE KEY-----\n`;
};

describe('a private key', () => {
  it.each([
    ['of OpenSSH', openssh('none')],
    ['of RSA, as ODAHU has it', rsa('pkcs1', false)],
    ['of PKCS 8', rsa('pkcs8', false)],
    ['with the line ends of Windows', openssh('none').replaceAll('\n', '\r\n')],
    ['between empty lines', `\n\n${openssh('none')}\n\n`],
  ])('%s is given to ssh as it reads it', (_, key) => {
    expect(readablePrivateKey(key)).toBe(`${key.replaceAll('\r', '').trim()}\n`);
  });

  it.each([
    ['of OpenSSH', openssh('aes256-ctr')],
    ['of RSA', rsa('pkcs1', true)],
    ['of PKCS 8', rsa('pkcs8', true)],
  ])('%s behind a passphrase is refused, with what to do', (_, key) => {
    expect(() => readablePrivateKey(key)).toThrow(ConnectionError);
    expect(() => readablePrivateKey(key)).toThrow('passphrase');
  });

  it.each(['', 'a2VrCg==', 'ssh-ed25519 AAAA me@host', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', openssh('none').slice(0, 100)])("is not '%s'", (text) => {
    expect(() => readablePrivateKey(text)).toThrow('is no private SSH key');
  });
});
