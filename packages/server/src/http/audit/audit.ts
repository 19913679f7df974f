import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../platform/logger.ts';
import type { AuditLog, AuditOutcome } from '../../usecases/audit.ts';
import { identityIfAny } from '../identity.ts';

/**
 * Puts down every call of a route whose `config.audit` names an action, before its answer goes out: what was answered can be
 * looked up. Who is not known is not put down: strangers could fill the log. When it cannot be written the call is answered
 * with that failure. `config.auditSoon` is for calls that must not wait for it.
 */
export function addAudit(app: FastifyInstance, audit: AuditLog, log: Logger): void {
  app.decorateRequest('audited');
  app.addHook('onRequest', async (request) => {
    request.audited = {};
  });
  app.addHook('onSend', async (request, reply) => {
    const action = request.audited.action ?? request.routeOptions.config.audit;
    const identity = identityIfAny(request);
    if (action === undefined || identity === undefined || written.has(request)) return;
    // the answer that says it could not be written comes here too
    written.add(request);
    const { resource = resourceIn(request) ?? null, project = null } = request.audited;
    const whoName = identity.kind === 'user' ? identity.name : `run ${identity.runId}`;
    const entry = { whoName, whoId: identity.tokenId, action, resource: cut(resource), project: cut(project), outcome: outcomeOf(reply), requestId: request.id, address: request.ip };
    if (request.routeOptions.config.auditSoon === true) return audit.recordSoon(entry);
    try {
      await audit.record(entry);
    } catch (error) {
      log.error({ requestId: request.id, action, error }, 'a call could not be put down in the audit log');
      throw error;
    }
  });
}

const written = new WeakSet<FastifyRequest>();

/** What the path names, or the body. */
function resourceIn({ params, body }: FastifyRequest): string | undefined {
  return nameIn(params) ?? nameIn(body);
}

function nameIn(thing: unknown): string | undefined {
  if (typeof thing !== 'object' || thing === null) return undefined;
  const { id, name } = thing as { readonly id?: unknown; readonly name?: unknown };
  return typeof id === 'string' ? id : typeof name === 'string' ? name : undefined;
}

function outcomeOf({ statusCode }: FastifyReply): AuditOutcome {
  if (statusCode < 400) return 'done';
  return statusCode === 401 || statusCode === 403 ? 'refused' : 'failed';
}

const MAX_TEXT = 1_000;

/** Names of callers, who may write what they like; PostgreSQL takes no NUL in a text. */
function cut(text: string | null): string | null {
  return text === null ? null : text.slice(0, MAX_TEXT).replaceAll('\0', '\uFFFD');
}
