import { randomUUID } from 'node:crypto';
import { AllowList } from '../platform/outbound/allow-list.ts';
import { OutboundHttp } from '../platform/outbound/outbound-http.ts';
import type { Logger } from '../platform/logger.ts';
import type { Seal } from '../platform/seal.ts';
import type { RegistryStore } from '../stores/registry.ts';
import type { Database } from '../stores/sql/database.ts';
import { openRegistryStore } from '../stores/sql/registry/store.ts';
import { SqlDeliveryQueue } from '../stores/sql/webhooks/delivery-queue.ts';
import { SqlWebhookStore } from '../stores/sql/webhooks/webhooks.ts';
import type { Rights } from '../usecases/tracking/authorize.ts';
import { Deliverer } from '../usecases/webhooks/deliverer.ts';
import { Webhooks } from '../usecases/webhooks/webhooks.ts';

interface WebhookParts {
  readonly database: Database;
  readonly rights: Rights;
  readonly seal: Seal;
  /** Hosts and ranges beside the public Internet that may be called. */
  readonly outboundAllow: readonly string[];
  readonly now: () => number;
  readonly log: Logger;
}

export interface ComposedWebhooks {
  /** What happens to its models is delivered. */
  readonly registry: RegistryStore;
  readonly webhooks: Webhooks;
  /** Starts delivering. */
  begin(): Promise<void>;
  close(): Promise<void>;
}

/** Joins the registry, its webhooks and what delivers to them. */
export function composeWebhooks({ database, rights, seal, outboundAllow, now, log }: WebhookParts): ComposedWebhooks {
  const outbound = new OutboundHttp({ allow: new AllowList(outboundAllow) });
  const queue = new SqlDeliveryQueue(database);
  const deliverer = new Deliverer({ queue, outbound, seal, now, chance: Math.random, log });
  return {
    registry: openRegistryStore(database, { now, recorded: () => deliverer.wake() }),
    webhooks: new Webhooks({ store: new SqlWebhookStore(database), rights, outbound, seal, now, newId: randomUUID }),
    begin: async () => {
      // alone on an embedded database: whoever held a webhook is dead
      if (database.kind === 'sqlite') await queue.dropLeases();
      deliverer.start();
    },
    close: () => deliverer.stop(),
  };
}
