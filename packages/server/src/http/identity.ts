import type { Access } from '@trainyard/api/route.ts';

/** Who calls. Set by the one gate (`http/gate.ts`) before any handler of a route that is not public. */
export type Identity =
  | { readonly kind: 'user'; readonly tokenId: string; readonly name: string }
  /** The runner of a run, or its training code. */
  | { readonly kind: 'run'; readonly tokenId: string; readonly runId: string; readonly attempt: number };

declare module 'fastify' {
  interface FastifyRequest {
    identity: Identity;
  }
  interface FastifyContextConfig {
    /** Who may call the route. The gate refuses a route that does not say. */
    access?: Access;
    /** The route takes raw bytes and streams them; the gate accepts any content type for it. */
    takesBytes?: boolean;
  }
}
