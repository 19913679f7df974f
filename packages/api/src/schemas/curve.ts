import { z } from 'zod';

export const CurveQuery = z.strictObject({
  metric: z.string().min(1),
  buckets: z.coerce.number().int().min(1).max(5000).default(500).describe('At most so many buckets, about as many as the picture has columns'),
});

/** A number, but its digits where a number would lose some: MLflow's steps have 64 bits. */
const Step = z.union([z.int(), z.string()]);

export const Curve = z.object({
  metric: z.string(),
  buckets: z.array(
    z.object({
      firstStep: Step,
      lastStep: Step,
      points: z.int(),
      least: z.number().nullable().describe('null when every value is NaN'),
      greatest: z.number().nullable(),
      last: z.number().nullable().describe('null for NaN'),
    }),
  ),
});
