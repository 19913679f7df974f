import { logOf } from '../attempts/attempt-log.ts';
import { type AttemptRecord, ended, noted, outputDenied, runnerEnded } from '../attempts/attempt-record.ts';
import type { Attempts } from '../attempts/attempts.ts';
import type { Clock } from '../clock.ts';
import { readLastWords } from '../remote-runner/read-last-words.ts';
import type { RunOutput, Workspace } from '../workspace/workspace.ts';
import { notAccepted, WorkspaceRefusal, WorkspaceTrouble } from '../workspace/workspace-error.ts';

export interface OutputParts {
  readonly attempts: Attempts;
  readonly workspace: Pick<Workspace, 'run' | 'output'>;
  readonly clock: Clock;
}

/** So often a workspace may fail to give the output of a run it knows, or deny it; then the end counts without it. With the pauses, minutes. */
const MAX_DENIALS = 20;
const NOTHING: RunOutput = { result: '', truncated: false, error: '', trace: '', logs: '' };

/** Fetches what a run that is over left, and concludes the attempt. Throws WorkspaceTrouble. */
export async function fetchOutput(key: string, parts: OutputParts): Promise<undefined> {
  const record = parts.attempts.get(key);
  if (record?.phase !== 'ending') return;
  const output = record.abandoned === true ? NOTHING : await outputOf(record, parts);
  await (record.runner === undefined ? concludeNotebook(record, output, parts) : concludeProgram(record, output, parts));
}

async function concludeNotebook(record: AttemptRecord, output: RunOutput, { attempts, clock }: OutputParts): Promise<void> {
  await attempts.change(record.key, (latest) => (latest.phase === 'ending' ? ended(latest, output, clock.now()) : latest), logOf(record, output));
}

async function concludeProgram(record: AttemptRecord, output: RunOutput, { attempts, clock }: OutputParts): Promise<void> {
  const { log, ...words } = readLastWords(output.logs);
  const ending = { ...words, error: output.error === '' ? output.trace : output.error };
  await attempts.change(record.key, (latest) => (latest.phase === 'ending' ? runnerEnded(latest, ending, clock.now()) : latest), log);
}

async function outputOf(record: AttemptRecord, parts: OutputParts): Promise<RunOutput> {
  const { workspace } = parts;
  try {
    const taskRunId = record.taskRunId ?? (await workspace.run(record.runId ?? '')).task?.runId;
    return taskRunId === undefined ? NOTHING : await workspace.output(taskRunId);
  } catch (error) {
    if (error instanceof WorkspaceRefusal) return withoutOutput(record, error, parts);
    if (error instanceof WorkspaceTrouble && (await isKeptBack(record, error, parts))) return noOutput(error);
    throw error;
  }
}

/** A run that never came to its notebook has no output to give. Rights that are lacking may be given. Throws WorkspaceTrouble. */
async function withoutOutput(record: AttemptRecord, refusal: WorkspaceRefusal, parts: OutputParts): Promise<RunOutput> {
  if (!refusal.isAboutRights) return noOutput(refusal);
  // without a token nothing at all is given, and that is no word about this output
  if (!refusal.isAboutToken && (await isDeniedForGood(record, parts))) return noOutput(refusal);
  const note = refusal.isAboutToken ? notAccepted(refusal) : `Databricks does not give the output: ${refusal.message}`;
  await parts.attempts.change(record.key, (latest) => (latest.phase === 'ending' ? noted(latest, note, parts.clock.now()) : latest));
  throw new WorkspaceTrouble(refusal.message, { answered: true, cause: refusal });
}

function noOutput({ message }: Error): RunOutput {
  return { ...NOTHING, trace: `Databricks gives no output: ${message}` };
}

/** Whether to give up. A workspace that does not know the run either is in trouble itself, and may give the output later. */
async function isKeptBack(record: AttemptRecord, trouble: WorkspaceTrouble, parts: OutputParts): Promise<boolean> {
  if (!trouble.answered || record.taskRunId === undefined) return false;
  try {
    await parts.workspace.run(record.runId ?? '');
  } catch (error) {
    // it does not know the run any more: its output will not come back
    if (error instanceof WorkspaceRefusal) return error.isAbsence;
    throw error;
  }
  return isDeniedForGood(record, parts);
}

/** Counts, in the record: another server goes on with it. */
async function isDeniedForGood({ key }: AttemptRecord, { attempts }: OutputParts): Promise<boolean> {
  const counted = await attempts.change(key, (latest) => (latest.phase === 'ending' ? outputDenied(latest) : latest));
  return (counted?.outputDenied ?? 0) >= MAX_DENIALS;
}
