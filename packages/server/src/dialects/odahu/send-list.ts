import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** What is read and kept in memory at once. */
const PAGE = 500;

interface Stretch {
  readonly offset: number;
  readonly limit: number;
}

/** Sends a list as one JSON array, which is what ODAHU's clients read, page by page: it may have any length. */
export async function sendList<Item>(reply: FastifyReply, { offset, limit }: { readonly offset: number; readonly limit: number | undefined }, source: { readonly read: (stretch: Stretch) => Promise<readonly Item[]>; readonly view: (item: Item) => object }): Promise<FastifyReply> {
  // before the head is sent: what goes wrong here still has a status
  const first = await source.read({ offset, limit: Math.min(PAGE, limit ?? PAGE) });
  const text = (items: readonly Item[]): string => items.map((item) => JSON.stringify(source.view(item))).join(',');
  reply.type('application/json; charset=utf-8');
  if (first.length < PAGE || first.length === limit) return reply.send(`[${text(first)}]`);
  return reply.send(Readable.from(parts(), { objectMode: false }));

  async function* parts(): AsyncIterable<string> {
    yield `[${text(first)}`;
    for (let done = first.length; done < (limit ?? Infinity); ) {
      const items = await source.read({ offset: offset + done, limit: Math.min(PAGE, (limit ?? Infinity) - done) });
      if (items.length > 0) yield `,${text(items)}`;
      if (items.length < PAGE) break;
      done += items.length;
    }
    yield ']';
  }
}
