import { inflateSync } from 'node:zlib';
import { ReportsBody } from '@trainyard/api/schemas/runner.ts';
import type { Outcome, Report } from '@trainyard/core/training/outcome.ts';
import { LAST_WORDS } from './wrapper.ts';

/** What a runner in the workspace left in the output of its task. */
export interface LastWords {
  /** Undefined when the task was ended before it could say it. */
  readonly outcome: Outcome | undefined;
  readonly reports: readonly Report[];
  /** As much of the log as the task showed and Databricks kept. */
  readonly log: Uint8Array;
  /** The byte of the whole log that `log` begins at. */
  readonly logFrom: number;
}

/** More than a megabyte of reports is not sent. */
const MOST_BYTES = 8 * 1024 ** 2;
const REPORTS_AT_ONCE = 500;

/** `output`: of the task, both streams, only its end when it was long. Whatever is not in the form of the wrapper is log. */
export function readLastWords(output: string): LastWords {
  const at = output.lastIndexOf(`\n${LAST_WORDS}`);
  const said = at < 0 ? undefined : parsed(output.slice(at + 1 + LAST_WORDS.length).split('\n', 1)[0] ?? '');
  if (said === undefined) return { outcome: undefined, reports: [], log: Buffer.from(output), logFrom: 0 };
  const text = Buffer.from(output.slice(0, at));
  const logBytes = Math.min(text.length, said.shownBytes);
  return { outcome: outcomeOf(said.outcome), reports: reportsOf(said.reports), log: text.subarray(text.length - logBytes), logFrom: said.shownBytes - logBytes };
}

interface Said {
  readonly outcome: unknown;
  readonly reports: readonly unknown[];
  readonly shownBytes: number;
}

/** The program of the training prints into the same output: nothing of it is taken for granted. */
function parsed(line: string): Said | undefined {
  try {
    const words = JSON.parse(inflateSync(Buffer.from(line, 'base64'), { maxOutputLength: MOST_BYTES }).toString('utf8')) as Readonly<Record<string, unknown>> | null;
    const [reports, shownBytes] = [words?.['reports'], words?.['shownBytes']];
    return Array.isArray(reports) && Number.isSafeInteger(shownBytes) && (shownBytes as number) >= 0 ? { outcome: words?.['outcome'], reports, shownBytes: shownBytes as number } : undefined;
  } catch {
    // cut off, or somebody else's line
    return undefined;
  }
}

function outcomeOf(outcome: unknown): Outcome | undefined {
  const [report] = reportsOf([{ kind: 'outcome', seq: 1, at: 0, outcome }]);
  return report?.kind === 'outcome' ? report.outcome : undefined;
}

/** In the form a runner sends them over the wire, or none. */
function reportsOf(reports: readonly unknown[]): readonly Report[] {
  const taken: Report[] = [];
  for (let at = 0; at < reports.length; at += REPORTS_AT_ONCE) {
    const { success, data } = ReportsBody.safeParse({ attempt: 1, reports: reports.slice(at, at + REPORTS_AT_ONCE) });
    if (!success) return [];
    taken.push(...data.reports);
  }
  return taken;
}
