import { generateKeyPairSync, verify } from 'node:crypto';
import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { describe, expect, it } from 'vitest';
import { bearerOf } from './bearer.ts';

const SPEC: ConnectionSpec = { type: 'gcs', uri: 'gs://bucket', vital: false };
const { signal } = new AbortController();

describe('who calls Google', () => {
  it('signs tokens with the key of a service account, and keeps one as long as it is good', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const account = { type: 'service_account', client_email: 'me@example.com', private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }), token_uri: 'https://evil.example.com' };
    const bearer = await bearerOf({ ...SPEC, keySecret: JSON.stringify(account) }, {});
    const [first, second] = [await bearer(signal), await bearer(signal)];
    const [header = '', claims = '', signature = ''] = String(first).split('.');
    expect(verify('sha256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ iss: 'me@example.com', scope: expect.stringContaining('devstorage') as string });
    expect(second).toBe(first);
  });

  it.each([
    { type: 'external_account', credential_source: { executable: { command: '/bin/false' } } },
    { type: 'external_account', credential_source: { file: '/etc/passwd' } },
    { type: 'authorized_user', refresh_token: 'r' },
    { type: 'service_account' },
    'no JSON',
  ])('takes no other file from a user: %j', async (content) => {
    await expect(bearerOf({ ...SPEC, keySecret: JSON.stringify(content) }, {})).rejects.toMatchObject({ problem: 'invalid' });
  });

  it('quotes nothing of a key that is none', async () => {
    const bearer = await bearerOf({ ...SPEC, keySecret: JSON.stringify({ type: 'service_account', client_email: 'me', private_key: 'very-secret' }) }, {});
    await expect(bearer(signal)).rejects.toMatchObject({ problem: 'invalid', message: expect.not.stringContaining('very-secret') as string });
  });

  it('is nobody where everybody may read', async () => {
    expect(await (await bearerOf({ ...SPEC, credentials: 'anonymous' }, {}))(signal)).toBeUndefined();
  });
});
