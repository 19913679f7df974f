import { EVERYTHING } from '@trainyard/core/access/reach.ts';
import { hasEnded } from '@trainyard/core/training/states.ts';
import type { Runs } from '../../usecases/runs.ts';
import { messageOf, resultOf } from './wire/status.ts';

/** The caller was let through to the run before. */
const ITSELF = { reach: EVERYTHING };

type Run = Awaited<ReturnType<Runs['get']>>;

export interface LogSource {
  readonly runs: Pick<Runs, 'get' | 'followLog' | 'readLog' | 'logSize' | 'attemptsOf'>;
}

export interface LogOptions {
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/**
 * The log of a run as text: that of each attempt, what came between them, and how it ended, which is all the original client
 * shows of a failure. Broken UTF-8 becomes U+FFFD, as one byte of it ends that client. With `follow` it ends when the run has.
 */
export async function* logText({ runs }: LogSource, run: Run, { follow, signal }: LogOptions): AsyncIterable<string> {
  const lines = new WholeLines();
  if (follow && run.state === 'queued') yield lines.note('INFO', run.queuedAt, `run ${run.number} of ${run.trainingId} waits for its turn`);
  let attempt = 1;
  const pieces = follow ? runs.followLog(run.id, { attempt: 1, from: 0 }, signal) : readAll(runs, run);
  for await (const piece of pieces) {
    if (piece.attempt > attempt) yield lines.flush() + (await endOfAttempt(runs, run.id, attempt, lines));
    attempt = piece.attempt;
    const text = lines.take(piece.bytes);
    if (text !== '') yield text;
  }
  const rest = lines.flush();
  if (rest !== '') yield rest;
  if (signal.aborted) return;
  const last = await runs.get(run.id, ITSELF);
  if (hasEnded(last.state)) yield endOfRun(last, lines);
}

async function* readAll(runs: LogSource['runs'], run: Run): AsyncIterable<{ attempt: number; bytes: Buffer }> {
  for (let attempt = 1; attempt <= run.attempt; attempt++) {
    for await (const bytes of runs.readLog(run.id, attempt, { from: 0, to: await runs.logSize(run.id, attempt) })) yield { attempt, bytes };
  }
}

async function endOfAttempt(runs: LogSource['runs'], runId: string, number: number, lines: WholeLines): Promise<string> {
  const attempt = (await runs.attemptsOf(runId)).find((one) => one.number === number);
  const failure = attempt?.failure;
  return lines.note('WARNING', attempt?.endedAt ?? attempt?.startedAt ?? 0, `attempt ${number} ended${failure === null || failure === undefined ? '' : `: ${messageOf(failure)}`}; it is tried again`);
}

function endOfRun(run: Run, lines: WholeLines): string {
  const at = run.endedAt ?? 0;
  if (run.state === 'succeeded') {
    const { artifactName } = resultOf(run);
    return lines.note('INFO', at, `run ${run.number} of ${run.trainingId} succeeded${artifactName === undefined ? '' : `: ${artifactName}`}`);
  }
  return lines.note('ERROR', at, `run ${run.number} of ${run.trainingId} ${run.state === 'stopped' ? 'was stopped' : 'failed'}${run.failure === null ? '' : `: ${messageOf(run.failure)}`}`);
}

/** Bytes → text of whole characters, and notes that stand on lines of their own. */
class WholeLines {
  #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #atStart = true;

  take(bytes: Uint8Array): string {
    return this.#seen(this.#decoder.decode(bytes, { stream: true }));
  }

  /** What is left of a character that never became whole. */
  flush(): string {
    return this.#seen(this.#decoder.decode());
  }

  /** In the format of ODAHU's own lines. */
  note(level: 'INFO' | 'WARNING' | 'ERROR', at: number, text: string): string {
    const begin = this.#atStart ? '' : '\n';
    this.#atStart = true;
    return `${begin}[trainyard][${level.padStart(5)}] ${timeOfLine(at)} - ${text}\n`;
  }

  #seen(text: string): string {
    if (text !== '') this.#atStart = text.endsWith('\n');
    return text;
  }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `02-Jan-26 03:04:05`, UTC. */
function timeOfLine(at: number): string {
  const [date = '', time = ''] = new Date(at).toISOString().split('T');
  const [year = '', month = '', day = ''] = date.split('-');
  return `${day}-${MONTHS[Number(month) - 1]}-${year.slice(2)} ${time.slice(0, 8)}`;
}
