import type { ConnectionSpec } from '@trainyard/core/connection/connection-spec.ts';
import { describe, expect, it } from 'vitest';
import { connectionSecrets } from './connection-secrets.ts';
import { Needles } from './needles.ts';
import { secretForms } from './secret-forms.ts';
import { maskText } from './secret-masker.ts';

const masked = (spec: Partial<ConnectionSpec>, text: string): string => maskText(new Needles(connectionSecrets({ type: 'gcs', uri: 'gs://wine', vital: false, ...spec }).flatMap(secretForms)), text);

describe('what a connection keeps secret', () => {
  const pem = '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\nD47hL+3Xr6mRT9mzfhkwUMAJ\n-----END PRIVATE KEY-----\n';

  it.each([
    ['a password', { password: 'hunter2hunter2' }, 'it is hunter2hunter2', 'hunter2'],
    ['one line of a key', { keySecret: pem }, 'read MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg', 'MIGH'],
    ["the key inside of a service account's JSON", { keySecret: JSON.stringify({ private_key: pem, client_email: 'wine@example.com' }) }, 'key\nD47hL+3Xr6mRT9mzfhkwUMAJ', 'D47h'],
    ['the signature of a SAS URL', { keySecret: 'https://wine.blob.core.windows.net/?sv=1&sig=AbCdEfGh%2BIjKl%3D' }, 'sent AbCdEfGh+IjKl=', 'AbCd'],
    ['the user and password of a header', { username: 'me', password: 'hunter2hunter2' }, Buffer.from('me:hunter2hunter2').toString('base64'), 'MjpodW50ZXIy'],
  ] as const)('%s is masked', (_, spec, text, secret) => {
    expect(masked(spec, text)).not.toContain(secret);
  });

  it('is no more than that', () => {
    expect(masked({ keySecret: JSON.stringify({ private_key: pem, client_email: 'wine@example.com' }) }, 'as wine@example.com to gs://wine')).toBe('as wine@example.com to gs://wine');
  });
});
