import { type Grant, may } from './roles.ts';

/** `all`, or the projects by name. */
export type Projects = 'all' | readonly string[];

/** The projects somebody sees, and those in which somebody may change things. */
export interface Reach {
  readonly sees: Projects;
  readonly writes: Projects;
}

/** Of the server itself, and of whoever has a role everywhere. */
export const EVERYTHING: Reach = { sees: 'all', writes: 'all' };

/** Who does something, and how far that reaches. */
export interface Actor {
  readonly user: string;
  readonly reach: Reach;
}

export function reachOf(grants: readonly Grant[]): Reach {
  return { sees: projectsOf(grants, 'read'), writes: projectsOf(grants, 'write') };
}

/** The reach of a run: what is in its project. */
export function reachWithin(project: string): Reach {
  return { sees: [project], writes: [project] };
}

export function includes(projects: Projects, project: string): boolean {
  return projects === 'all' || projects.includes(project);
}

/** Where something new belongs that names no project of its own: `default`, or the only project in which changes are allowed. */
export function usualProject({ writes }: Reach): string | undefined {
  if (includes(writes, 'default')) return 'default';
  return writes.length === 1 ? writes[0] : undefined;
}

/** What is both asked for and within reach. */
export function narrowed(projects: Projects, asked: string | undefined): Projects {
  if (asked === undefined) return projects;
  return includes(projects, asked) ? [asked] : [];
}

function projectsOf(grants: readonly Grant[], action: 'read' | 'write'): Projects {
  const allowing = grants.filter((grant) => may([grant], action));
  if (allowing.some(({ project }) => project === undefined)) return 'all';
  return [...new Set(allowing.flatMap(({ project }) => project ?? []))].toSorted();
}
