import type { SelectQueryBuilder } from 'kysely';
import type { Stretch } from '../../connections.ts';

/** More than any list has: SQLite takes no offset without a limit. */
const ALL = 2 ** 31 - 1;

/** A part of a list sorted by id. The column sorts by code point on both databases, and its index is the order. */
export function stretchOf<DB, TB extends keyof DB, O>(query: SelectQueryBuilder<DB, TB, O>, { after, offset, limit }: Stretch): SelectQueryBuilder<DB, TB, O> {
  const id = query as unknown as SelectQueryBuilder<{ table: { id: string } }, 'table', O>;
  const from = after === undefined ? id : id.where('id', '>', after);
  const sorted = from.orderBy('id').limit(limit ?? ALL);
  return (offset === undefined ? sorted : sorted.offset(offset)) as unknown as SelectQueryBuilder<DB, TB, O>;
}
