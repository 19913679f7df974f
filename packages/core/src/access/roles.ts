/** Who may do what: three roles, held everywhere or in one project. */

export const ROLES = ['admin', 'data_scientist', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/**
 * `read` and `write` are asked of a project: trainings, runs, experiments, models. The others are asked of the whole server:
 * `configure` changes connections and toolchains, `decrypt` shows the secrets of connections, `administer` is about tokens,
 * sealed secrets, webhooks, the audit log, import and export.
 */
export const ACTIONS = ['read', 'write', 'configure', 'decrypt', 'administer'] as const;
export type Action = (typeof ACTIONS)[number];

/** A role in one project, or everywhere when no project is named. */
export interface Grant {
  readonly role: Role;
  readonly project?: string | undefined;
}

export const ADMIN_EVERYWHERE: readonly Grant[] = [{ role: 'admin' }];

const ALLOWED: Readonly<Record<Role, readonly Action[]>> = {
  admin: ACTIONS,
  data_scientist: ['read', 'write'],
  viewer: ['read'],
};

/**
 * Whether these roles allow the action in the project; in at least one project when none is named. What is asked of the whole
 * server is allowed by a role everywhere only: a role in one project never reaches beyond it.
 */
export function may(grants: readonly Grant[], action: Action, project?: string): boolean {
  const ofProjects = action === 'read' || action === 'write';
  return grants.some((grant) => ALLOWED[grant.role].includes(action) && (grant.project === undefined || (ofProjects && (project === undefined || grant.project === project))));
}

/** As in the spec of a training. */
const PROJECT = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Reads `viewer` and `data_scientist@wine`; undefined for anything else. */
export function parseGrant(text: string): Grant | undefined {
  const [name, project, ...more] = text.split('@');
  const role = ROLES.find((one) => one === name);
  if (role === undefined || more.length > 0) return undefined;
  if (project === undefined) return { role };
  return PROJECT.test(project) ? { role, project } : undefined;
}

/** `viewer`, or `data_scientist@wine`. */
export function grantText({ role, project }: Grant): string {
  return project === undefined ? role : `${role}@${project}`;
}
