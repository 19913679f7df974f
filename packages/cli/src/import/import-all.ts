import type { Connection } from '../connection/connection.ts';
import { countText, sizeText } from '../output/amounts.ts';
import { LiveLine } from '../progress/live-line.ts';
import type { Cli } from '../cli.ts';
import { RECORD_KINDS, type RecordKind } from '@trainyard/core/tracking/records/record.ts';
import type { Counted, Tally } from '@trainyard/core/tracking/records/tally.ts';
import type { Checkpoint } from './checkpoint.ts';
import { Findings } from './findings.ts';
import type { RecordSource, SourceFacts } from './record-source.ts';
import { COUNTED_NAMES } from './report-lines.ts';
import { sendArtifacts } from './send-artifacts.ts';
import { type Sending, sendRecords } from './send-records.ts';
import { Target } from './target.ts';
import { verify, type Verification } from './verify.ts';

export interface ImportResult extends Verification {
  readonly findings: Findings;
  /** Both sides have the same, and nothing was refused. */
  readonly complete: boolean;
  readonly remarks: readonly string[];
}

/** What the counts of each kind are called while it is sent. */
const COUNTED_BY: Readonly<Record<RecordKind, Counted>> = {
  experiment: 'experiments',
  dataset: 'datasets',
  run: 'runs',
  points: 'points',
  logged_model: 'loggedModels',
  model_points: 'modelPoints',
  registered_model: 'registeredModels',
  model_version: 'modelVersions',
};

interface Importing {
  readonly source: RecordSource;
  readonly facts: SourceFacts;
  readonly connection: Connection;
  readonly checkpoint: Checkpoint;
}

/** Records, then artifacts, then counting both sides. Can be broken off and begun again at any point. */
export async function importAll(cli: Cli, { source, facts, connection, checkpoint }: Importing): Promise<ImportResult> {
  const live = new LiveLine(cli.err);
  const watcher = { lost: () => void live.print([`${cli.err.style.careful('waiting')} for the server, which does not answer`]), back: () => void live.print(['the server is back']) };
  const target = new Target(connection, { signal: cli.io.interrupted, watcher });
  const findings = new Findings();
  let text = 'reading';
  live.show(() => ({ text }));
  const onSent = (phase: string, sent: Tally): void => {
    const what = COUNTED_BY[phase as RecordKind];
    text = `${COUNTED_NAMES[what]}: ${progressText(sent[what] ?? 0, facts.counts[what])}`;
  };
  const sending: Sending = { source, target, checkpoint, findings, onSent };
  try {
    const before = checkpoint.read();
    if (before !== undefined) await live.print([`going on where an earlier import stopped: ${COUNTED_NAMES[COUNTED_BY[before.phase as RecordKind] ?? 'artifacts']}`]);
    const progress = await sendRecords(sending, before);
    await live.print([`${cli.err.style.good('sent')}  records: ${RECORD_KINDS.map((kind) => progress.sent[COUNTED_BY[kind]] ?? 0).reduce((sum, count) => sum + count, 0).toLocaleString('en-US')} of all kinds`]);
    const artifacts = await sendArtifacts(sending, progress, ({ source: files }) => (text = `artifacts: ${countText(files.artifacts ?? 0, 'file')}, ${sizeText(files.artifactBytes ?? 0)}`));
    text = 'counting both sides';
    const verification = await verify({ source, target, findings, counted: facts.counts, sent: progress.sent, artifacts });
    // what a checkpoint said was there, is not: the next import begins at the beginning
    checkpoint.remove();
    const complete = verification.missing === 0 && findings.refused.length === 0 && verification.comparisons.every((one) => one.source === one.here);
    return { ...verification, findings, complete, remarks: source.remarks() };
  } finally {
    live.clear();
    if (cli.io.interrupted.aborted) await cli.err.lines(['broken off: the same command goes on where it stopped']);
  }
}

function progressText(done: number, all: number | undefined): string {
  return all === undefined ? done.toLocaleString('en-US') : `${done.toLocaleString('en-US')} of ${all.toLocaleString('en-US')}`;
}
