import { Readable } from 'node:stream';
import type { Transfer } from '../usecases/transfer/transfer.ts';
import type { Handlers } from './mount.ts';

const NDJSON = 'application/x-ndjson';

/** Import and export: text goes through, a page or a batch at a time. */
export function transferHandlers(transfer: Transfer) {
  return {
    importRecords: async ({ query, request }) => {
      const report = await transfer.import((request.body ?? []) as AsyncIterable<Uint8Array>, query);
      return { ...report, kinds: { ...report.kinds }, refused: [...report.refused], notes: [...report.notes], here: { ...report.here }, experiments: [...report.experiments] };
    },
    exportRecords: async ({ query, reply }) => {
      const { kind, limit, cursor, experiment, of = [] } = query;
      reply.type(NDJSON).header('content-security-policy', 'sandbox');
      if (kind === 'artifact') return reply.send(Readable.from(transfer.artifacts(of)));
      const { lines, next } = await transfer.export({ kind, limit, after: cursor, experiments: experiment, of });
      if (next !== undefined) reply.header('x-next-cursor', next);
      return reply.send(lines.map((line) => `${line}\n`).join(''));
    },
  } satisfies Partial<Handlers>;
}
