import type { Counted, Tally } from '@trainyard/core/tracking/records/tally.ts';
import { COUNTED } from '@trainyard/core/tracking/records/tally.ts';
import { sizeText } from '../output/amounts.ts';
import { safeLine } from '../output/safe-text.ts';
import type { Screen } from '../output/screen.ts';
import { type Column, tableLines } from '../output/table.ts';
import type { Finding } from './findings.ts';
import type { SourceFacts } from './record-source.ts';
import type { Comparison } from './verify.ts';

/** What is counted, in words. */
export const COUNTED_NAMES: Readonly<Record<Counted, string>> = {
  experiments: 'experiments',
  datasets: 'datasets',
  runs: 'runs',
  params: 'params',
  tags: 'tags',
  metrics: 'metrics (latest values)',
  points: 'points of metrics',
  datasetUses: 'uses of datasets',
  modelLinks: 'links of runs to models',
  loggedModels: 'logged models',
  modelPoints: 'points of logged models',
  registeredModels: 'registered models',
  modelVersions: 'versions',
  aliases: 'aliases',
  artifacts: 'artifact files',
  artifactBytes: 'artifact bytes',
};

/** What will happen, before it does. */
export function planLines({ title, counts, leftOut, warnings }: SourceFacts, to: string, screen: Screen): string[] {
  const { style } = screen;
  const known = COUNTED.filter((what) => (counts[what] ?? 0) > 0);
  return [
    `${style.title('from')}  ${safeLine(title)}`,
    `${style.title('to')}    ${safeLine(to)}`,
    ...(known.length === 0 ? [] : ['', ...known.map((what) => `  ${amount(what, counts).padStart(12)}  ${COUNTED_NAMES[what]}`)]),
    ...(leftOut.length === 0 ? [] : ['', 'not brought:', ...leftOut.map(({ what, count, why }) => `  ${count.toLocaleString('en-US').padStart(12)}  ${what} ${style.quiet(`(${why})`)}`)]),
    ...warnings.map((warning) => `${style.careful('note:')} ${safeLine(warning)}`),
    '',
  ];
}

/** Both sides next to each other. */
export function comparisonLines(comparisons: readonly Comparison[], screen: Screen, titles: { readonly source: string; readonly here: string } = { source: 'source', here: 'here' }): string[] {
  const columns: readonly Column<Comparison>[] = [
    { title: 'what', text: ({ what }) => COUNTED_NAMES[what], shrinks: true },
    { title: titles.source, text: ({ what, source }) => shown(what, source), align: 'right' },
    { title: titles.here, text: ({ what, here }) => shown(what, here), align: 'right' },
    { title: '', text: (row) => (row.source === row.here ? 'same' : 'differs'), paint: (row, style) => (row.source === row.here ? style.good : style.bad) },
  ];
  return tableLines(comparisons, columns, { style: screen.style, width: screen.columns });
}

const SHOWN = 20;

/** What was refused, or kept otherwise. */
export function findingLines(title: string, findings: readonly Finding[], screen: Screen): string[] {
  if (findings.length === 0) return [];
  const lines = findings.slice(0, SHOWN).map(({ record, text }) => `  ${safeLine(record)}: ${safeLine(text)}`);
  return ['', screen.style.careful(title), ...lines, ...(findings.length > SHOWN ? [`  … and ${findings.length - SHOWN} more: all of them with -o json`] : [])];
}

function amount(what: Counted, counts: Tally): string {
  return shown(what, counts[what] ?? 0);
}

function shown(what: Counted, count: number): string {
  return what === 'artifactBytes' && count >= 1_000_000 ? `${count.toLocaleString('en-US')} (${sizeText(count)})` : count.toLocaleString('en-US');
}
