import type { Access, RouteShape } from '@trainyard/api/route.ts';
import { routes } from '@trainyard/api/routes.ts';
import { ACTIONS, may, ROLES } from '@trainyard/core/access/roles.ts';
import { code, table } from './markdown.ts';

/** Which role may what, and what every native route needs. */
export function permissionsPage(): string {
  const all: readonly RouteShape[] = Object.values(routes);
  const needs = [...new Set(all.map(({ access }) => access))].toSorted((a, b) => order(a) - order(b));
  return [
    '# Permissions',
    'What a role allows, everywhere or in its project. `read` and `write` are asked of a project; the others of the whole server, where a role in one project counts for nothing. How to give roles: [users and permissions](../howto/users-and-permissions.md).',
    table(['role', ...ACTIONS.map(code)], ROLES.map((role) => [code(role), ...ACTIONS.map((action) => (may([{ role }], action) ? 'yes' : ''))])),
    'What the native routes need. `_or_run`: also the token of a run, for what is its own; `signed_in`: any user; `optional`: anybody, but a token that is sent must be good. With an action their calls are in the audit log.',
    table(['route', 'needs', 'in the audit log'], needs.flatMap((access) => all.filter((route) => route.access === access).map((route) => [code(`${route.method} ${route.path}`), code(access), route.audit === undefined ? '' : code(route.audit)]))),
    "The MLflow dialect: reading and searching, by whatever method, needs `read`, everything else `write`, webhooks `administer`; the token of a run comes to all but webhooks. ODAHU's: trainings `read` and `write`, connections and toolchain integrations `read` and `configure`, decrypted connections `decrypt`.",
  ].join('\n\n');
}

const ORDER: readonly Access[] = ['public', 'optional', 'signed_in', 'read', 'read_or_run', 'write', 'write_or_run', 'configure', 'decrypt', 'administer', 'run'];

function order(access: Access): number {
  return ORDER.indexOf(access);
}
