import { z } from 'zod';

export const ServerStatus = z.object({
  version: z.string(),
  startedAt: z.string(),
  database: z.enum(['sqlite', 'postgresql']),
  engines: z.array(z.object({ name: z.string(), can: z.record(z.string(), z.boolean()), limit: z.int().describe('Attempts at the same time') })),
  toolchains: z.array(z.string()),
  runs: z.record(z.string(), z.int()).describe('Runs that have not ended, by state'),
});
export type ServerStatus = z.output<typeof ServerStatus>;
