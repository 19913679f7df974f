import { ROLES } from '@trainyard/core/access/roles.ts';
import { z } from 'zod';

/** A role everywhere, or in one project. */
export const Grant = z.strictObject({
  role: z.enum(ROLES),
  project: z.string().regex(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be an id: lowercase letters, digits and -').optional().describe('Everywhere when absent'),
});

export const Grants = z.array(Grant).min(1).max(200).describe('Roles add up');
