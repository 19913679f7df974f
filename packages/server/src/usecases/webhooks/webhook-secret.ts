import type { Seal } from '../../platform/seal.ts';
import type { WebhookStore } from '../../stores/webhooks.ts';

/** Null for an empty one. */
export function sealSecret(seal: Seal, webhookId: string, secret: string): string | null {
  return secret === '' ? null : seal.close(secret, contextOf(webhookId));
}

export function openSecret(seal: Seal, webhookId: string, sealed: string | null): string | undefined {
  return sealed === null ? undefined : seal.open(sealed, contextOf(webhookId));
}

/** Seals the secrets of all webhooks again with the newest key. Answers how many. */
export function resealWebhookSecrets(store: WebhookStore, seal: Seal): Promise<number> {
  return store.resealAll(({ id, sealedSecret }) => seal.close(seal.open(sealedSecret, contextOf(id)), contextOf(id)));
}

function contextOf(webhookId: string): string {
  return `webhook ${webhookId}`;
}
