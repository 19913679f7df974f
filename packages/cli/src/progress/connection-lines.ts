import type { Connection, ConnectionCheck } from '@trainyard/api/schemas/connection.ts';
import { agoText } from '../output/amounts.ts';
import { type Fact, factLines } from '../output/facts.ts';
import { safeLine } from '../output/safe-text.ts';
import type { Screen } from '../output/screen.ts';
import type { Column } from '../output/table.ts';

/** A connection in detail, as the server shows it: secrets are masked. */
export function connectionLines({ id, spec, createdAt, updatedAt }: Connection, screen: Screen): string[] {
  const { type, uri, description, vital, ...rest } = spec;
  const now = Date.now();
  const facts: Fact[] = [
    ['type', String(type)],
    ['uri', String(uri)],
    ['description', text(description)],
    ...Object.entries(rest).map(([name, value]): Fact => [name, text(value)]),
    ['vital', vital === true ? 'yes' : undefined, 'it cannot be deleted'],
    ['created', agoText(createdAt, now), createdAt],
    ['changed', agoText(updatedAt, now), updatedAt],
  ];
  return [screen.style.title(id), ...factLines(facts, screen), '', screen.style.quiet(screen.typed(`  does it work? trainyard connection check ${id}`))];
}

export const connectionColumns: readonly Column<Connection>[] = [
  { title: 'id', text: ({ id }) => id, shrinks: true, paint: (_, style) => style.title },
  { title: 'type', text: ({ spec }) => String(spec['type']) },
  { title: 'uri', text: ({ spec }) => String(spec['uri']), shrinks: true },
  { title: 'vital', text: ({ spec }) => (spec['vital'] === true ? 'yes' : undefined) },
  { title: 'changed', text: ({ updatedAt }) => agoText(updatedAt, Date.now()) },
];

/** How a check went: one line, and what is worth knowing below it. */
export function checkLines(id: string, { ok, problem, message, notes, publicKey }: ConnectionCheck, { style }: Screen): string[] {
  const head = ok ? `${style.good('✓')} ${id} works` : `${style.bad('✗')} ${id}: ${safeLine(message ?? problem ?? 'it does not work')}`;
  const keys = (publicKey ?? '').split('\n').filter((line) => line.trim() !== '');
  return [head, ...notes.map((note) => `  ${style.careful(`! ${safeLine(note)}`)}`), ...(keys.length === 0 ? [] : ['  its host keys, seen for the first time:', ...keys.map((line) => `    ${safeLine(line)}`)])];
}

function text(value: unknown): string | undefined {
  return value === undefined || value === '' ? undefined : String(value);
}
