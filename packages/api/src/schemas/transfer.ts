import { RECORD_KINDS } from '@trainyard/core/tracking/records/record.ts';
import { COUNTED } from '@trainyard/core/tracking/records/tally.ts';
import { z } from 'zod';

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const oneOrMore = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

export const ImportQuery = z.strictObject({ check: flag.default(false).describe('true: nothing is written; the answer says what would be') });

const outcomes = z.object({
  new: z.int(),
  updated: z.int().describe('Were under way here and have been brought up to date'),
  there: z.int().describe('Were here already, the same'),
  refused: z.int(),
});

const remark = z.object({ line: z.int().describe('From 1'), record: z.string().optional().describe('Which one, once that is known'), text: z.string() });

export const ImportAnswer = z.object({
  lines: z.int(),
  kinds: z.partialRecord(z.enum(RECORD_KINDS), outcomes).describe('What became of the records of each kind'),
  refused: z.array(remark).describe('The first 200 that were refused, and why'),
  notes: z.array(remark).describe('The first 200 things that were kept as they are here'),
  here: z.partialRecord(z.enum(COUNTED), z.int()).describe('With check: how much of these records the server has, counted in its database'),
  experiments: z.array(z.object({ name: z.string(), id: z.string() })).describe('Those that were named by their own records, with the ids they have here'),
});
export type ImportAnswer = z.output<typeof ImportAnswer>;

export const ExportQuery = z.strictObject({
  kind: z.enum([...RECORD_KINDS, 'artifact']),
  cursor: z.string().optional().describe('`x-next-cursor` of the answer before'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  experiment: oneOrMore.optional().describe('Names of experiments; everything when absent'),
  of: oneOrMore.pipe(z.array(z.string()).max(200)).optional().describe('Points and artifacts: of these runs or logged models, by id'),
});
export type ExportQuery = z.output<typeof ExportQuery>;
