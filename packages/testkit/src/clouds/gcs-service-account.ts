import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';

export interface ServiceAccount {
  readonly file: string;
  readonly email: string;
  readonly publicKey: KeyObject;
  /** A line of the private key, by which it would be recognized. */
  readonly secret: string;
}

/** A key file as Google gives it to a service account, which signs its tokens and URLs with it. */
export function writeServiceAccount(file: string): ServiceAccount {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const email = `${basename(file, '.json')}@trainyard.iam.gserviceaccount.com`;
  const content = { type: 'service_account', project_id: 'trainyard', private_key_id: 'one', private_key: pem, client_email: email, client_id: '1' };
  writeFileSync(file, JSON.stringify(content), { mode: 0o600 });
  return { file, email, publicKey, secret: pem.split('\n')[1] ?? '' };
}
