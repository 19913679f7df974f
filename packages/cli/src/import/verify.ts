import { RECORD_KINDS, type TransferRecord } from '@trainyard/core/tracking/records/record.ts';
import { addTally, COUNTED, type Counted, type Tally, tallyOf } from '@trainyard/core/tracking/records/tally.ts';
import { writeRecord } from '@trainyard/core/tracking/records/write-record.ts';
import type { Findings } from './findings.ts';
import type { RecordSource } from './record-source.ts';
import type { Target } from './target.ts';

/** One thing that was counted on both sides. */
export interface Comparison {
  readonly what: Counted;
  readonly source: number;
  readonly here: number;
}

export interface Verification {
  readonly comparisons: readonly Comparison[];
  /** Records that the server does not have. */
  readonly missing: number;
}

export interface Verifying {
  readonly source: RecordSource;
  readonly target: Target;
  readonly findings: Findings;
  /** Counted by the source itself, where it can. */
  readonly counted: Tally;
  /** Points and artifacts, counted while they were sent. */
  readonly sent: Tally;
  readonly artifacts: { readonly source: Tally; readonly here: Tally };
}

/** Counts both sides: reads every record once more and asks the server how much of it is in its database. */
export async function verify(verifying: Verifying): Promise<Verification> {
  const { source, target, findings } = verifying;
  let [read, here, missing]: [Tally, Tally, number] = [{}, {}, 0];
  const ask = async (lines: readonly string[]): Promise<void> => {
    const answer = await target.send(lines, true);
    findings.add(answer);
    here = addTally(here, answer.here);
    for (const counts of Object.values(answer.kinds)) missing += counts.new;
  };
  for (const kind of RECORD_KINDS.filter((one) => one !== 'points' && one !== 'model_points')) {
    let lines: string[] = [];
    for await (const { record } of source.records(kind)) {
      lines.push(writeRecord(record));
      read = addTally(read, addTally(tallyOf(record), pointsOf(record)));
      if (lines.length < 150) continue;
      await ask(lines);
      lines = [];
    }
    if (lines.length > 0) await ask(lines);
  }
  const there = { ...read, ...pointsSent(read, verifying.sent), ...verifying.counted, ...verifying.artifacts.source };
  return { comparisons: compare(there, { ...here, ...verifying.artifacts.here }), missing };
}

/** Points as the source counted them for each run or logged model. */
function pointsOf(record: TransferRecord): Tally {
  if (record.kind === 'run' && record.points !== null) return { points: record.points };
  return record.kind === 'logged_model' && record.points !== null ? { modelPoints: record.points } : {};
}

/** A source that cannot count points beforehand has counted them on the way. */
function pointsSent(read: Tally, { points = 0, modelPoints = 0 }: Tally): Tally {
  return { ...(read.points === undefined ? { points } : {}), ...(read.modelPoints === undefined ? { modelPoints } : {}) };
}

function compare(source: Tally, here: Tally): Comparison[] {
  return COUNTED.map((what) => ({ what, source: source[what] ?? 0, here: here[what] ?? 0 })).filter((one) => one.source > 0 || one.here > 0);
}
