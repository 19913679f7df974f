import { type Grant, grantText, parseGrant, ROLES } from '@trainyard/core/access/roles.ts';
import { didYouMean } from '@trainyard/core/nearest.ts';
import { InvalidArgumentError, Option } from 'commander';

export interface GrantOptions {
  readonly role?: readonly Grant[];
  readonly project?: readonly string[];
}

/** `--role` may be repeated, and each may name its own project: `data_scientist@wine`. */
export function roleOption(): Option {
  return new Option('--role <role...>', `${ROLES.join(', ')}; role@project for one project alone; repeat it for more`).argParser((text, before: readonly Grant[] | undefined) => [...(before ?? []), readGrant(text)]);
}

export function projectOption(): Option {
  return new Option('--project <id...>', 'the roles that name no project are for these alone, not for all');
}

/** The roles in the projects that are named. Undefined when no role is. */
export function grantsOf({ role, project = [] }: GrantOptions): Grant[] | undefined {
  return role?.flatMap((grant) => (grant.project !== undefined || project.length === 0 ? [grant] : project.map((id) => ({ ...grant, project: id }))));
}

/** `admin`, or `viewer, data_scientist@wine`. */
export function grantsText(grants: readonly Grant[]): string {
  return grants.map(grantText).join(', ');
}

function readGrant(text: string): Grant {
  const grant = parseGrant(text);
  if (grant === undefined) throw new InvalidArgumentError(`Write one of ${ROLES.join(', ')}, or one of them with a project: viewer@wine${didYouMean(text.split('@')[0] ?? '', ROLES) || '.'}`);
  return grant;
}
