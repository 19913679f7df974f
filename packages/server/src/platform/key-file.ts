import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { writePrivate } from './write-private.ts';

interface KeyFileContent {
  /** The newest first; older ones only open what they once sealed. 32 bytes each, base64. */
  readonly sealing: readonly { readonly id: string; readonly key: string }[];
  /** Signs the tokens of runs. */
  readonly signing: string;
}

export interface SealingKey {
  readonly id: string;
  readonly key: Buffer;
}

/** The keys of this installation, in a file only its owner can read. Made at the first start. */
export class KeyFile {
  readonly #path: string;
  #content: KeyFileContent;

  constructor(path: string) {
    this.#path = path;
    this.#content = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as KeyFileContent) : freshKeys();
    if (existsSync(path)) chmodSync(path, 0o600);
    else this.#write();
  }

  get signingKey(): Buffer {
    return Buffer.from(this.#content.signing, 'base64');
  }

  /** What new secrets are sealed with. */
  get current(): SealingKey {
    const [newest] = this.#content.sealing;
    if (newest === undefined) throw new Error(`the key file ${this.#path} holds no sealing key`);
    return { id: newest.id, key: Buffer.from(newest.key, 'base64') };
  }

  find(id: string): SealingKey | undefined {
    const entry = this.#content.sealing.find((one) => one.id === id);
    return entry === undefined ? undefined : { id: entry.id, key: Buffer.from(entry.key, 'base64') };
  }

  /** Adds a new current key; the old ones stay until `forgetOld`. On disk when it returns. */
  rotate(): void {
    this.#content = { ...this.#content, sealing: [freshSealingKey(), ...this.#content.sealing] };
    this.#write();
  }

  /** After everything was sealed again. */
  forgetOld(): void {
    this.#content = { ...this.#content, sealing: this.#content.sealing.slice(0, 1) };
    this.#write();
  }

  #write(): void {
    writePrivate(this.#path, `${JSON.stringify(this.#content, null, 2)}\n`);
  }
}

function freshKeys(): KeyFileContent {
  return { sealing: [freshSealingKey()], signing: randomBytes(32).toString('base64') };
}

function freshSealingKey(): { id: string; key: string } {
  return { id: randomBytes(6).toString('hex'), key: randomBytes(32).toString('base64') };
}
