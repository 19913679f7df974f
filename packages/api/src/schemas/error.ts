import { z } from 'zod';

/** Every error of the native API. `title`, `status` and `detail` are RFC 9457's. */
export const ErrorAnswer = z.object({
  error: z.object({
    code: z.string().describe('One of docs/reference/errors.md'),
    message: z.string(),
    hint: z.string(),
    status: z.int(),
    requestId: z.string(),
    expected: z.int().optional().describe('LOG_GAP: the byte that comes next'),
    problems: z.array(z.string()).optional().describe('Each thing that is wrong, when there are several'),
  }),
});
export type ErrorAnswer = z.output<typeof ErrorAnswer>;
