import { z } from 'zod';

const outcome = z.enum(['done', 'refused', 'failed']);

export const AuditQuery = z.strictObject({
  who: z.string().optional().describe('Name, id of the token, or `oidc:<subject>`'),
  action: z.string().optional().describe('Such as `token.create`'),
  resource: z.string().optional(),
  project: z.string().optional(),
  outcome: outcome.optional().describe('`refused`: it was not allowed'),
  since: z.iso.datetime({ offset: true }).optional(),
});

/** One call that changed something, or was meant to. */
export const AuditRecord = z.object({
  at: z.string(),
  who: z.object({ id: z.string().describe('Of the token, or `oidc:<subject>`'), name: z.string() }),
  action: z.string(),
  resource: z.string().optional(),
  project: z.string().optional().describe('Absent where it is not known or none'),
  outcome,
  requestId: z.string(),
  address: z.string(),
});
