import type { Facts, Outcome, Report } from '@trainyard/core/training/outcome.ts';
import type { Reason } from '@trainyard/core/training/reason.ts';
import type { StepName, StepState } from '@trainyard/core/training/states.ts';
import type { RunView } from '../workspace/run-view.ts';
import type { Submission } from '../submission.ts';
import type { Verdict } from '../verdict.ts';

/**
 * All that is known of an attempt, as it is kept. `wanted`: not handed over, Databricks knows nothing of it. `sending`: the
 * call was or is on its way, so that Databricks may know it. `submitted`: it has an id. `ending`: it is over there, its output
 * is not here yet. `ended`: everything is here.
 */
export interface AttemptRecord {
  readonly key: string;
  /** Whole until Databricks has it: a body may take a megabyte, and is kept with every change. */
  readonly submission: Submission | Pick<Submission, 'timeoutMs'>;
  /** The workspace it belongs to; another one has other runs under the same ids. Absent in records of before. */
  readonly origin?: string | undefined;
  readonly wantedAt: number;
  readonly phase: 'wanted' | 'sending' | 'submitted' | 'ending' | 'ended';
  /** When the last send began. */
  readonly sentAt?: number | undefined;
  /** When the send before that began, of which nobody knows whether it was taken. Absent while there was one send. */
  readonly earlierSentAt?: number | undefined;
  readonly runId?: string | undefined;
  readonly pageUrl?: string | undefined;
  /** Databricks' clock. */
  readonly startedAt?: number | undefined;
  readonly stopAt?: number | undefined;
  /** Of one that is to stop: when Databricks is told so; at once when absent. */
  readonly cancelAt?: number | undefined;
  /** Nobody will ask for it any more: only seen to its end. */
  readonly abandoned?: true | undefined;
  /** Databricks was asked and did not know it. */
  readonly missing?: true | undefined;
  /** Once it is `ending`. */
  readonly verdict?: Verdict | undefined;
  readonly endedAt?: number | undefined;
  readonly taskRunId?: string | undefined;
  /** How often Databricks knew the run and did not give its output. */
  readonly outputDenied?: number | undefined;
  readonly step?: StepName | undefined;
  /** For the server: of a notebook all there is to tell, of a program only what its runner does not know. */
  readonly reports: readonly Report[];
  /** There for a program, which a runner carries out in the workspace and reports about itself. */
  readonly runner?: RunnerPart | undefined;
}

export interface RunnerPart {
  /** Sealed; gone once it lies in the workspace. */
  readonly order?: string | undefined;
  /** What the runner had reported, as it was found when the run was over. */
  readonly reports?: readonly Report[] | undefined;
  /** The byte of the runner's log that the log kept here begins at. */
  readonly logFrom?: number | undefined;
}

/** Reports carry at most this much text; the log has the whole. */
const MAX_TEXT = 16_000;
const MAX_LAST_LINES = 4_000;
/** What an attempt waits for may change often, or be worded anew with every try. */
const MAX_NOTES = 20;

export interface Wish {
  readonly now: number;
  readonly origin: string;
  /** Of a program, sealed. */
  readonly order?: string | undefined;
}

export function want(key: string, submission: Submission, { now, origin, order }: Wish): AttemptRecord {
  const where = submission.clusterId === undefined ? 'it is handed to Databricks' : `it is handed to Databricks, on cluster ${submission.clusterId}`;
  const runner = order === undefined ? {} : { runner: { order } };
  return enter({ key, submission, origin, wantedAt: now, phase: 'wanted', reports: [], ...runner }, { step: 'environment', at: now, message: where });
}

/** What is sent is fixed from here on. Of a program the order lies in the workspace by now, and nothing of it is kept here. */
export function sending(record: AttemptRecord, submission: Submission, now: number): AttemptRecord {
  return { ...record, phase: 'sending', submission, sentAt: now, ...(record.runner === undefined ? {} : { runner: {} }) };
}

/** Once more: what became of the send before is not known. */
export function sendingAgain(record: AttemptRecord, now: number): AttemptRecord {
  return { ...record, sentAt: now, earlierSentAt: record.sentAt ?? record.wantedAt };
}

/** Being sent for the first time, so that an answer is about all there ever was. */
export function isFirstSend({ phase, earlierSentAt }: AttemptRecord): boolean {
  return phase === 'sending' && earlierSentAt === undefined;
}

/** The only send did not leave this machine: Databricks knows nothing of it after all. */
export function unsent(record: AttemptRecord, now: number): AttemptRecord {
  const wanted: AttemptRecord = { ...record, phase: 'wanted', sentAt: undefined };
  return record.stopAt === undefined ? wanted : stoppedBefore(wanted, now);
}

export function submitted(record: AttemptRecord, runId: string, now: number): AttemptRecord {
  return know({ ...record, phase: 'submitted', submission: rest(record), sentAt: undefined, earlierSentAt: undefined, runId }, { externalId: runId }, now);
}

/** A look at a run that goes on. The same record comes back when there is nothing new. */
export function seen(record: AttemptRecord, run: RunView, { running, now }: { running: boolean; now: number }): AttemptRecord {
  const known = withPage(record.missing === undefined ? record : { ...record, missing: undefined }, run, now);
  return running && known.step !== 'train' ? startTraining(known, now) : known;
}

export function missing(record: AttemptRecord): AttemptRecord {
  return record.missing === true ? record : { ...record, missing: true };
}

export function ending(record: AttemptRecord, run: RunView, { verdict, now }: { verdict: Verdict; now: number }): AttemptRecord {
  const at = Math.max(run.endedAt ?? now, record.wantedAt);
  const known = withPage({ ...record, missing: undefined }, run, now);
  // between two looks it may have begun and ended
  const worked = verdict.reason === undefined || verdict.reason === 'exit_code';
  const ran = worked && known.step !== 'train' ? startTraining(known, now) : known;
  const step = leave(ran, { state: verdict.reason === undefined ? 'succeeded' : 'failed', at: now, message: verdict.message });
  return { ...step, phase: 'ending', verdict, endedAt: at, taskRunId: run.task?.runId };
}

export interface Ending {
  readonly result: string;
  readonly error: string;
  readonly trace: string;
}

/** A program's end. What its runner says of it is the truth; without that it is lost, or Databricks says why. */
export function runnerEnded(record: AttemptRecord, { outcome, reports, logFrom, error }: RunnerEnding, now: number): AttemptRecord {
  const { verdict, endedAt = now } = record;
  const known = { ...record, runner: { reports, logFrom } };
  // a task that failed, or went well, without a word of the runner was cut off: the runner would have said how it ended
  const isLost = verdict?.reason === undefined || verdict.reason === 'exit_code';
  const words = wordsOf(verdict, error);
  const message = isLost ? `the runner ended without a last word${words === '' ? '' : `: ${words}`}` : words;
  return conclude(known, outcome ?? failure({ reason: isLost ? 'host_lost' : (verdict?.reason ?? 'internal'), step: undefined, message, trace: '', endedAt }), now);
}

export interface RunnerEnding extends Pick<RunnerPart, 'logFrom'> {
  readonly outcome: Outcome | undefined;
  readonly reports: readonly Report[];
  readonly error: string;
}

/** The output is here: the last word. */
export function ended(record: AttemptRecord, output: Ending, now: number): AttemptRecord {
  const { verdict, endedAt = now } = record;
  const known = output.result === '' ? record : know(record, { result: cut(output.result, MAX_TEXT) }, now);
  const reason = verdict?.reason;
  const outcome: Outcome =
    verdict !== undefined && reason === undefined
      ? { ok: true, endedAt }
      : failure({ reason: reason ?? 'internal', step: record.step, message: wordsOf(verdict, output.error), trace: output.trace, endedAt });
  return conclude(known, outcome, now);
}

/** Of code that ended by itself its output says most; of what was done to it, Databricks' verdict. The log has both. */
function wordsOf(verdict: Verdict | undefined, error: string): string {
  const message = verdict?.message ?? '';
  const isOwnEnd = verdict?.reason === undefined || verdict.reason === 'exit_code';
  return error !== '' && (isOwnEnd || message === '') ? plain(error) : message;
}

/** It ends without ever having been at Databricks, or without anything more to be had from there. */
export function failed(record: AttemptRecord, { reason, message, now }: { reason: Reason; message: string; now: number }): AttemptRecord {
  const left = record.step === undefined ? record : leave(record, { state: 'failed', at: now, message });
  return conclude(left, failure({ reason, step: record.step, message, trace: '', endedAt: now }), now);
}

/** Stopped while Databricks knows nothing of it. */
export function stoppedBefore(record: AttemptRecord, now: number): AttemptRecord {
  return failed(record, { reason: 'cancelled', message: 'stopped before it was handed to Databricks', now });
}

/** What is over needs no stop. Of two stops the one that cancels earlier counts. */
export function stopping(record: AttemptRecord, { now, cancelAt }: Stopping): AttemptRecord {
  const goesOn = record.phase !== 'ending' && record.phase !== 'ended';
  const known = record.stopAt === undefined ? Number.POSITIVE_INFINITY : (record.cancelAt ?? record.stopAt);
  return goesOn && cancelAt < known ? { ...record, stopAt: record.stopAt ?? now, cancelAt } : record;
}

export interface Stopping {
  readonly now: number;
  readonly cancelAt: number;
}

export function abandoned(record: AttemptRecord, stop: Stopping): AttemptRecord {
  return { ...stopping(record, stop), abandoned: true };
}

export function outputDenied(record: AttemptRecord): AttemptRecord {
  return { ...record, outputDenied: (record.outputDenied ?? 0) + 1 };
}

/** Said once: a note that is there already is not repeated, whatever number its request has this time. */
export function noted(record: AttemptRecord, message: string, now: number): AttemptRecord {
  const text = cut(message, MAX_TEXT);
  const notes = record.reports.filter((entry) => entry.kind === 'note').map((note) => withoutNumbers(note.message));
  if (notes.length >= MAX_NOTES || notes.includes(withoutNumbers(text))) return record;
  return report(record, { kind: 'note', at: now, level: 'warning', message: text });
}

function withoutNumbers(text: string): string {
  return text.replace(/[\w-]*\d[\w-]*/g, '#');
}

/** Nothing more comes of it. */
export function isGone({ phase, missing }: AttemptRecord): boolean {
  return phase === 'ended' || missing === true;
}

/** A runner is there that can hear of a stop. */
export function isAtWork({ runner, step }: AttemptRecord): boolean {
  return runner !== undefined && step === 'train';
}

export function outcomeOf(record: AttemptRecord): Outcome | undefined {
  return record.reports.findLast((entry) => entry.kind === 'outcome')?.outcome;
}

function withPage(record: AttemptRecord, run: RunView, now: number): AttemptRecord {
  const started = run.startedAt === undefined || run.startedAt === record.startedAt ? record : { ...record, startedAt: run.startedAt };
  if (run.pageUrl === undefined || run.pageUrl === record.pageUrl) return started;
  return know({ ...started, pageUrl: run.pageUrl }, { url: run.pageUrl }, now);
}

function startTraining(record: AttemptRecord, now: number): AttemptRecord {
  return enter(leave(record, { state: 'succeeded', at: now }), { step: 'train', at: now });
}

function enter(record: AttemptRecord, { step, at, message }: { step: StepName; at: number; message?: string }): AttemptRecord {
  // the runner tells of its steps itself
  if (record.runner !== undefined) return { ...record, step };
  return report({ ...record, step }, { kind: 'step', at, step, state: 'running', message });
}

function leave(record: AttemptRecord, { state, at, message }: { state: StepState; at: number; message?: string }): AttemptRecord {
  if (record.step === undefined || record.runner !== undefined) return record;
  return report(record, { kind: 'step', at, step: record.step, state, ...(message === undefined || message === '' ? {} : { message: cut(message, MAX_TEXT) }) });
}

function know(record: AttemptRecord, facts: Facts, now: number): AttemptRecord {
  return report(record, { kind: 'facts', at: now, facts });
}

function conclude(record: AttemptRecord, outcome: Outcome, now: number): AttemptRecord {
  return report({ ...record, phase: 'ended', submission: rest(record), missing: undefined }, { kind: 'outcome', at: now, outcome });
}

function failure({ reason, step, message, trace, endedAt }: { reason: Reason; step: StepName | undefined; message: string; trace: string; endedAt: number }): Outcome {
  const lastLines = plain(trace).trim().slice(-MAX_LAST_LINES);
  return { ok: false, endedAt, reason, step, message: cut(message, MAX_TEXT), ...(lastLines === '' ? {} : { lastLines }) };
}

/** What is still asked of a submission that will not be sent (again). */
function rest({ submission: { timeoutMs } }: AttemptRecord): Pick<Submission, 'timeoutMs'> {
  return { timeoutMs };
}

type Draft<R = Report> = R extends Report ? Omit<R, 'seq'> : never;

/** Numbered by its place: whoever sends the reports of a record sends the same ones. */
function report(record: AttemptRecord, draft: Draft): AttemptRecord {
  return { ...record, reports: [...record.reports, { ...draft, seq: record.reports.length + 1 } as Report] };
}

function cut(text: string, most: number): string {
  // not in the middle of a character that takes two places
  return text.length <= most ? text : `${text.slice(0, most).replace(/[\uD800-\uDBFF]$/, '')} … (${text.length} characters; the log has them all)`;
}

/** Traces of notebooks are coloured for terminals. */
function plain(text: string): string {
  return text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '');
}
