import type { AuditLog, AuditRecord } from '../../usecases/audit.ts';
import { byAuditId, pageOf } from '../cursor.ts';
import type { Handlers } from '../mount.ts';
import { timeText } from '../views.ts';

/** The audit log as administrators read it. */
export function auditHandlers(audit: AuditLog) {
  return {
    listAudit: async ({ query: { limit, cursor, since, ...filter } }) => {
      const items = await audit.list({ ...filter, since: since === undefined ? undefined : Date.parse(since), before: byAuditId.read(cursor), limit: limit + 1 });
      return pageOf(items, limit, { view: recordView, cursor: byAuditId.write });
    },
  } satisfies Partial<Handlers>;
}

function recordView({ at, whoId, whoName, action, resource, project, outcome, requestId, address }: AuditRecord) {
  return { at: timeText(at), who: { id: whoId, name: whoName }, action, ...(resource === null ? {} : { resource }), ...(project === null ? {} : { project }), outcome, requestId, address };
}
