import type { Attempt, Run, RunDetail, Step } from '@trainyard/api/schemas/run.ts';
import { agoText, elapsedText, sizeText } from '../output/amounts.ts';
import { type Fact, factLines } from '../output/facts.ts';
import { safeLine, safeText } from '../output/safe-text.ts';
import type { Screen } from '../output/screen.ts';
import type { Column } from '../output/table.ts';
import { fitText } from '../output/text-width.ts';
import { failureFacts, outcomeFacts } from './result-lines.ts';
import { statePaint } from './state-paint.ts';

/** Columns of the name of a step and of its time, wherever steps are told. */
export const NAME_WIDTH = 14;
export const TIME_WIDTH = 10;

/** A run in detail: what it was, each attempt with its steps, what came out. */
export function runLines(run: RunDetail, screen: Screen): string[] {
  const { style } = screen;
  const now = Date.now();
  const parameters = Object.entries(run.params).map(([name, value]) => `${name}=${value}`);
  const facts: Fact[] = [
    ['training', run.training, run.project === 'default' ? undefined : `project ${run.project}`],
    ['id', run.id],
    ['queued', agoText(run.queuedAt, now), run.queuedAt],
    ['took', tookText(run)],
    ['engine', run.engine, run.priority === 0 ? undefined : `priority ${run.priority}`],
    ['source', run.commit === undefined ? shortId(run.sourceDigest) : `commit ${run.commit}`],
    ...(run.data ?? []).map(({ connection, localPath, files, sizeBytes, version }): Fact => ['data', `${connection} → ${localPath}`, `${files} ${files === 1 ? 'file' : 'files'}, ${sizeText(sizeBytes)}, version ${version.slice(0, 12)}`]),
    ['environment', shortId(run.environment), run.python === undefined ? undefined : `Python ${run.python}`],
    ['command', run.command],
    ['parameters', parameters.join('  ')],
    ...failureFacts(run),
    ...outcomeFacts(run),
    ...run.warnings.map((warning): Fact => ['warning', warning]),
  ];
  const title = `${style.title(`Run ${run.number}`)}  ${statePaint(run.state, style)(run.stopRequested && run.endedAt === undefined ? `${run.state}, stopping` : run.state)}`;
  return [title, ...factLines(facts, screen), ...run.attempts.flatMap((attempt) => attemptLines(attempt, run, screen))];
}

export const runColumns: readonly Column<Run>[] = [
  { title: 'run', text: ({ number }) => number, align: 'right', paint: (_, style) => style.title },
  { title: 'training', text: ({ training }) => training, shrinks: true },
  { title: 'state', text: ({ state }) => state, paint: ({ state }, style) => statePaint(state, style) },
  { title: 'step', text: ({ step, state }) => (state === 'succeeded' ? undefined : step) },
  { title: 'why', text: ({ reason }) => reason, shrinks: true },
  { title: 'model', text: ({ model }) => (model === undefined ? undefined : `${model.name} v${model.version}`), shrinks: true },
  { title: 'took', text: (run) => tookText(run), align: 'right' },
  { title: 'queued', text: ({ queuedAt }) => agoText(queuedAt, Date.now()) },
];

/** The first digits of a digest; other names as they are. */
function shortId(id: string | undefined): string | undefined {
  return id === undefined || !/^[0-9a-f]{32,}$/.test(id) ? id : id.slice(0, 12);
}

function tookText({ startedAt, endedAt }: Run): string | undefined {
  if (startedAt === undefined) return undefined;
  return elapsedText((endedAt === undefined ? Date.now() : Date.parse(endedAt)) - Date.parse(startedAt));
}

function attemptLines(attempt: Attempt, run: RunDetail, screen: Screen): string[] {
  const { style } = screen;
  const title = run.attempts.length === 1 ? 'Steps' : `Attempt ${attempt.number} ${attempt.state}`;
  const isLast = attempt.number === run.attempts.at(-1)?.number;
  const why = isLast || attempt.message === undefined ? [] : [`    ${style.quiet(safeLine(attempt.message))}`];
  const last = run.state === 'failed' && isLast && attempt.lastLines !== undefined ? safeText(attempt.lastLines).trimEnd().split('\n') : [];
  const log = last.length === 0 ? [] : ['', style.title('Last lines of the log'), ...last.map((line) => `  ${style.quiet('│')} ${line}`.trimEnd())];
  return ['', style.title(title), ...attempt.steps.map((step) => stepLine(step, screen)), ...why, ...log];
}

/** One step with its mark, its time and what it said. */
export function stepLine({ name, state, startedAt, endedAt, message }: Step, screen: Screen): string {
  const took = state === 'skipped' ? undefined : (endedAt === undefined ? Date.now() : Date.parse(endedAt)) - Date.parse(startedAt);
  return progressLine({ name, state, took, message: message ?? '' }, screen);
}

export interface Progress {
  readonly name: string;
  readonly state: Step['state'];
  /** Milliseconds. */
  readonly took: number | undefined;
  readonly message: string;
}

/** A line of progress: mark, name, time and a message that is cut where the terminal ends. */
export function progressLine({ name, state, took, message }: Progress, { style, columns }: Pick<Screen, 'style' | 'columns'>): string {
  const mark = { succeeded: style.good('✓'), failed: style.bad('✗'), skipped: style.quiet('–'), running: style.busy('▸') }[state];
  const padded = name.padEnd(NAME_WIDTH);
  const head = `  ${mark} ${state === 'skipped' ? style.quiet(padded) : padded}${(took === undefined ? '' : elapsedText(took)).padStart(TIME_WIDTH)}`;
  const text = safeLine(message);
  const fitted = columns === undefined ? text : fitText(text, columns - NAME_WIDTH - TIME_WIDTH - 8);
  return `${head}   ${style.quiet(fitted)}`.trimEnd();
}
