import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Seal } from '../platform/seal.ts';
import type { SecretRecord, SecretStore } from '../stores/secrets.ts';
import type { SecretVariable } from '@trainyard/core/training/spec.ts';

/** Secrets go in and never come out, except into the attempts that name them. */
export class Secrets {
  readonly #store: SecretStore;
  readonly #seal: Seal;
  readonly #now: () => number;

  constructor(store: SecretStore, seal: Seal, now: () => number) {
    this.#store = store;
    this.#seal = seal;
    this.#now = now;
  }

  async put(name: string, value: string): Promise<{ name: string; updatedAt: number }> {
    const updatedAt = this.#now();
    await this.#store.put({ name, sealed: this.#seal.close(value, contextOf(name)), updatedAt });
    return { name, updatedAt };
  }

  list(after: string, limit: number): Promise<SecretRecord[]> {
    return this.#store.list(after, limit);
  }

  async delete(name: string): Promise<void> {
    if (!(await this.#store.delete(name))) throw new TrainyardError('SECRET_NOT_FOUND', { name });
  }

  /** Environment variable → value. Throws SECRET_NOT_FOUND when one was deleted since the training was accepted. */
  async open(variables: readonly SecretVariable[]): Promise<Record<string, string>> {
    const sealed = new Map((await this.#store.find(variables.map((variable) => variable.secret))).map((secret) => [secret.name, secret.sealed]));
    return Object.fromEntries(
      variables.map(({ name, secret }) => {
        const text = sealed.get(secret);
        if (text === undefined) throw new TrainyardError('SECRET_NOT_FOUND', { name: secret });
        return [name, this.#seal.open(text, contextOf(secret))];
      }),
    );
  }

  /** Seals everything again with the newest key. */
  reseal(): Promise<number> {
    return this.#store.resealAll((secret) => this.#seal.close(this.#seal.open(secret.sealed, contextOf(secret.name)), contextOf(secret.name)));
  }
}

function contextOf(name: string): string {
  return `secret ${name}`;
}
