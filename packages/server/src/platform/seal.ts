import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { KeyFile } from './key-file.ts';

/** Seals and opens texts with AES-256-GCM. The context (what the text belongs to) is authenticated: a sealed text cannot be moved. */
export class Seal {
  readonly #keys: KeyFile;

  constructor(keys: KeyFile) {
    this.#keys = keys;
  }

  close(text: string, context: string): string {
    const { id, key } = this.#keys.current;
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    cipher.setAAD(Buffer.from(context));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return ['v1', id, nonce.toString('base64'), cipher.getAuthTag().toString('base64'), sealed.toString('base64')].join(':');
  }

  /** Throws when the key is gone or the text was changed. */
  open(sealed: string, context: string): string {
    const [version, id, nonce, tag, text] = sealed.split(':');
    const key = version === 'v1' && id !== undefined ? this.#keys.find(id) : undefined;
    if (key === undefined || nonce === undefined || tag === undefined || text === undefined) throw new Error('sealed with a key that is not in the key file');
    const decipher = createDecipheriv('aes-256-gcm', key.key, Buffer.from(nonce, 'base64'));
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(Buffer.from(tag, 'base64'));
    return decipher.update(Buffer.from(text, 'base64'), undefined, 'utf8') + decipher.final('utf8');
  }
}
