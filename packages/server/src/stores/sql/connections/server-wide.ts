/** What belongs to the whole server and not to a project, in the column that its tables have for one. */
export const SERVER_WIDE = { project: 'default' } as const;
