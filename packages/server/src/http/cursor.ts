import { TrainyardError } from '@trainyard/core/errors.ts';
import type { RunRecord } from '../stores/runs.ts';
import type { TrainingRecord } from '../stores/trainings.ts';

/** The place behind which a page begins, as opaque text. */
interface Cursor<Item, Place> {
  write(item: Item): string;
  /** Throws INVALID_CURSOR. */
  read(cursor: string | undefined): Place | undefined;
}

export const byNumber: Cursor<RunRecord, number> = cursor((run) => [run.number], ([number]) => (typeof number === 'number' ? number : undefined));

export const byUpdate: Cursor<TrainingRecord, { updatedAt: number; id: string }> = cursor(
  (training) => [training.updatedAt, training.id],
  ([updatedAt, id]) => (typeof updatedAt === 'number' && typeof id === 'string' ? { updatedAt, id } : undefined),
);

export const byId: Cursor<{ id: string }, string> = cursor((item) => [item.id], ([id]) => (typeof id === 'string' ? id : undefined));

export const byAuditId: Cursor<{ id: number }, number> = cursor((item) => [item.id], ([id]) => (typeof id === 'number' ? id : undefined));

export const byName: Cursor<{ name: string }, string> = cursor((item) => [item.name], ([name]) => (typeof name === 'string' ? name : undefined));

/** One item more than the page holds says that there is another page. */
export function pageOf<Item, View>(items: readonly Item[], limit: number, { view, cursor: write }: { view: (item: Item) => View; cursor: (item: Item) => string }): { items: View[]; nextCursor?: string } {
  const shown = items.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(view), ...(items.length > limit && last !== undefined ? { nextCursor: write(last) } : {}) };
}

function cursor<Item, Place>(toParts: (item: Item) => unknown[], fromParts: (parts: unknown[]) => Place | undefined): Cursor<Item, Place> {
  return {
    write: (item) => Buffer.from(JSON.stringify(toParts(item))).toString('base64url'),
    read: (text) => {
      if (text === undefined) return undefined;
      const place = fromParts(partsOf(text));
      if (place === undefined) throw new TrainyardError('INVALID_CURSOR', { cursor: text });
      return place;
    },
  };
}

function partsOf(text: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return Array.isArray(parts) ? parts : [];
  } catch {
    // not one of ours, which the caller says
    return [];
  }
}
