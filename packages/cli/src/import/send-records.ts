import type { ImportAnswer } from '@trainyard/api/schemas/transfer.ts';
import { RECORD_KINDS, type RecordKind, type TransferRecord } from '@trainyard/core/tracking/records/record.ts';
import { addTally, type Tally, tallyOf } from '@trainyard/core/tracking/records/tally.ts';
import { writeRecord } from '@trainyard/core/tracking/records/write-record.ts';
import type { Checkpoint, Progress } from './checkpoint.ts';
import type { Findings } from './findings.ts';
import type { RecordSource, SourceItem } from './record-source.ts';
import type { Target } from './target.ts';

/** What one request carries: few enough that every refusal is named in the answer, small enough to be sent again at no great cost. Points are refused with their run. */
const REQUEST = { records: 150, linesOfPoints: 5000, points: 50_000, bytes: 4_000_000 };

export interface Sending {
  readonly source: RecordSource;
  readonly target: Target;
  readonly checkpoint: Checkpoint;
  readonly findings: Findings;
  /** Told how much has been taken. */
  readonly onSent: (phase: string, sent: Tally) => void;
}

/** Sends all records from where an earlier import stopped; answers how far this one came. */
export async function sendRecords(sending: Sending, from: Progress | undefined): Promise<Progress> {
  let progress: Progress = from ?? { phase: RECORD_KINDS[0], place: undefined, sent: {}, refusedRuns: [] };
  for (const kind of RECORD_KINDS.slice(Math.max(0, RECORD_KINDS.indexOf(progress.phase as RecordKind)))) {
    if (progress.phase !== kind) progress = { ...progress, phase: kind, place: undefined };
    progress = await sendKind(sending, kind, progress);
  }
  return progress;
}

/** While one request is under way the next one is read. */
async function sendKind({ source, target, checkpoint, findings, onSent }: Sending, kind: RecordKind, from: Progress): Promise<Progress> {
  let progress = from;
  let underWay: Promise<void> = Promise.resolve();
  const refused = new Set(from.refusedRuns);
  const deliver = async (part: Part): Promise<void> => {
    const answer = part.lines.length === 0 ? undefined : await target.send(part.lines);
    if (answer !== undefined) findings.add(answer);
    for (const id of answer === undefined ? [] : refusedRuns(answer)) refused.add(id);
    progress = { ...progress, place: part.place ?? progress.place, sent: addTally(progress.sent, part.tally), refusedRuns: [...refused] };
    // a place in the middle of something is none: what was sent since the last one is not counted twice
    if (part.place !== undefined) checkpoint.write(progress);
    onSent(kind, progress.sent);
  };
  for await (const part of parts(source.records(kind, from.place), refused)) {
    await underWay;
    underWay = deliver(part);
    // told where it is awaited
    underWay.catch(() => undefined);
  }
  await underWay;
  return progress;
}

interface Part {
  readonly lines: readonly string[];
  readonly tally: Tally;
  readonly place: string | undefined;
}

/** Records together as one request takes them; those of runs that were refused are read and left out. */
async function* parts(items: AsyncIterable<SourceItem>, refused: ReadonlySet<string>): AsyncGenerator<Part> {
  let [lines, tally, points, bytes]: [string[], Tally, number, number] = [[], {}, 0, 0];
  let place: string | undefined;
  for await (const item of items) {
    place = item.place;
    if (isOf(item.record, refused)) continue;
    const line = writeRecord(item.record);
    if (lines.length > 0 && bytes + line.length > REQUEST.bytes) {
      yield { lines, tally, place: undefined };
      [lines, tally, points, bytes] = [[], {}, 0, 0];
    }
    lines.push(line);
    bytes += line.length;
    tally = addTally(tally, tallyOf(item.record));
    points += 'values' in item.record ? item.record.values.length : 0;
    if (lines.length < (points === 0 ? REQUEST.records : REQUEST.linesOfPoints) && points < REQUEST.points) continue;
    yield { lines, tally, place };
    [lines, tally, points, bytes] = [[], {}, 0, 0];
  }
  if (lines.length > 0) yield { lines, tally, place };
}

function isOf(record: TransferRecord, runs: ReadonlySet<string>): boolean {
  return record.kind === 'points' && runs.has(record.runId);
}

function refusedRuns(answer: ImportAnswer): string[] {
  return answer.refused.flatMap(({ record }) => /^run ([0-9a-f]{32})$/.exec(record ?? '')?.[1] ?? []);
}
