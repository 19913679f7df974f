import type { Access, Login } from '@trainyard/api/route.ts';
import { type Actor, type Reach, reachOf, reachWithin } from '@trainyard/core/access/reach.ts';
import type { Grant } from '@trainyard/core/access/roles.ts';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../usecases/tracking/authorize.ts';
import type { AuditNote } from './audit/audit-note.ts';

/** Who calls. Set by the one gate (`http/gate.ts`) before any handler of a route that is not public. */
export type Identity = UserIdentity | RunIdentity;

/** A person, or a program with a token of its own. */
export interface UserIdentity {
  readonly kind: 'user';
  /** Id of the token; `oidc:<subject>` for somebody the identity provider knows. */
  readonly tokenId: string;
  readonly name: string;
  readonly email?: string | undefined;
  readonly roles: readonly Grant[];
}

/** The runner of a run, or its training code. */
export interface RunIdentity {
  readonly kind: 'run';
  readonly tokenId: string;
  readonly runId: string;
  readonly attempt: number;
  readonly project: string;
}

/** The projects the caller sees and may write to. */
function reachOfIdentity(identity: Identity): Reach {
  return identity.kind === 'user' ? reachOf(identity.roles) : reachWithin(identity.project);
}

/** The caller, as the use cases of tracking know it. */
export function callerOf(identity: Identity): Caller {
  return identity.kind === 'user' ? { kind: 'user', name: identity.name, reach: reachOf(identity.roles) } : { kind: 'run', runId: identity.runId, project: identity.project };
}

/** The caller, as use cases know it. */
export function actorOf(identity: Identity): Actor {
  return { user: identity.kind === 'user' ? identity.name : identity.runId, reach: reachOfIdentity(identity) };
}

/** For routes with the access `optional`: undefined when no token was sent. */
export function identityIfAny(request: FastifyRequest): Identity | undefined {
  return request.identity as Identity | undefined;
}

/** Who did it, in records and logs. */
export function nameOf(identity: Identity): string {
  return identity.kind === 'user' ? identity.name : identity.runId;
}

declare module 'fastify' {
  interface FastifyRequest {
    identity: Identity;
    /** What the audit log is told about this call beside what everybody can see; see `http/audit.ts`. */
    audited: AuditNote;
  }
  interface FastifyContextConfig {
    /** What the caller needs. The gate takes a route that does not say for one that administers. */
    access?: Access;
    /** The route takes raw bytes and streams them; the gate accepts any content type for it. */
    takesBytes?: boolean;
    /** Name of the action in the audit log; calls of a route without one are not put down there. */
    audit?: string;
    /** The answer does not wait for that. */
    auditSoon?: boolean;
    /** Somebody without a token may be sent to the login page of the identity provider; see `docs/howto/users-and-permissions.md`. */
    login?: Login;
  }
}
