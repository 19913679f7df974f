import { connections as types, loadConnection } from '@trainyard/connections/catalog.ts';
import { AllowList } from '../platform/outbound/allow-list.ts';
import { GuardedLookup } from '../platform/outbound/guarded-lookup.ts';
import type { Logger } from '../platform/logger.ts';
import type { Seal } from '../platform/seal.ts';
import type { Stores } from '../stores/stores.ts';
import { Connections } from '../usecases/connections.ts';

interface ConnectionParts {
  readonly stores: Pick<Stores, 'connections' | 'runs'>;
  readonly seal: Seal;
  /** What programs and credentials of a check may see of the server's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Hosts and ranges beside the public Internet that may be called. */
  readonly outboundAllow: readonly string[];
  /** Directories that connections of the type local may lie in. */
  readonly localRoots: readonly string[];
  readonly log: Logger;
}

const CHECK_TIMEOUT_MS = 10_000;

/** Joins the connections that are kept with the types this version knows. */
export function composeConnections({ stores, seal, env, outboundAllow, localRoots, log }: ConnectionParts): Connections {
  return new Connections({
    store: stores.connections,
    runs: stores.runs,
    types: { names: Object.keys(types), load: loadConnection },
    seal,
    reach: new GuardedLookup({ allow: new AllowList(outboundAllow) }),
    context: { env, localRoots },
    timeoutMs: CHECK_TIMEOUT_MS,
    log,
  });
}
