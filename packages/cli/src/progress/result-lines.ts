import type { RunDetail } from '@trainyard/api/schemas/run.ts';
import { REASONS } from '@trainyard/core/training/reason.ts';
import { elapsedText, sizeText } from '../output/amounts.ts';
import { type Fact, factLines } from '../output/facts.ts';
import { safeLine, safeText } from '../output/safe-text.ts';
import type { Screen } from '../output/screen.ts';

const MAX_METRICS = 12;
const MAX_LAST_LINES = 20;

/** How a run ended, and what can be done next. `printed` are log lines that stand above already and need no repetition. */
export function resultLines(run: RunDetail, screen: Screen, printed: readonly string[]): string[] {
  return ['', headline(run, screen), ...factLines(facts(run), screen), ...lastLines(run, screen, printed), '', ...factLines(nextSteps(run).map((fact) => typed(fact, screen)), screen)];
}

/** What the training left: metrics, model, trained binary. */
export function outcomeFacts(run: RunDetail): Fact[] {
  const metrics = Object.entries(run.metrics);
  const shown = metrics.slice(0, MAX_METRICS).map(([name, value]) => `${name}=${numberText(value)}`);
  const more = metrics.length > MAX_METRICS ? `and ${metrics.length - MAX_METRICS} more` : undefined;
  return [
    ['metrics', shown.join('  '), more],
    ['model', run.model === undefined ? undefined : `${run.model.name} version ${run.model.version}`, run.model === undefined ? undefined : `models:/${run.model.name}/${run.model.version}`],
    ['artifact', run.artifact?.path, run.artifact === undefined ? undefined : sizeText(run.artifact.sizeBytes)],
  ];
}

/** Why it failed: step, reason in words, message, exit code or signal. */
export function failureFacts(run: RunDetail): Fact[] {
  if (run.reason === undefined) return [];
  const ended = run.exitCode === undefined ? (run.signal === undefined ? undefined : `signal ${run.signal}`) : `exit code ${run.exitCode}`;
  return [
    ['step', run.step, ended],
    ['reason', run.reason, REASONS[run.reason].text],
    ['message', run.message],
  ];
}

function headline(run: RunDetail, { style }: Screen): string {
  const name = `Run ${run.number} of ${safeLine(run.training)}`;
  const took = run.endedAt === undefined ? '' : ` in ${elapsedText(Date.parse(run.endedAt) - Date.parse(run.startedAt ?? run.queuedAt))}`;
  switch (run.state) {
    case 'succeeded':
      return `${style.good('✓')} ${style.title(`${name} succeeded`)}${took}`;
    case 'failed':
      return `${style.bad('✗')} ${style.title(`${name} failed`)}${took}`;
    case 'stopped':
      return `${style.careful('■')} ${style.title(`${name} was stopped`)}${took}`;
    case 'queued':
    case 'preparing':
    case 'running':
      return `  ${name} is ${run.state}`;
    default:
      return run.state satisfies never;
  }
}

function facts(run: RunDetail): Fact[] {
  const attempts: Fact = ['attempts', run.attempt > 1 ? String(run.attempt) : undefined];
  return [...(run.state === 'succeeded' ? [] : failureFacts(run)), attempts, ...outcomeFacts(run)];
}

function lastLines(run: RunDetail, screen: Screen, printed: readonly string[]): string[] {
  const text = run.state === 'failed' ? (run.lastLines ?? run.attempts.at(-1)?.lastLines ?? '') : '';
  const lines = safeText(text).trimEnd().split('\n').map((line) => line.trimEnd());
  const last = lines.at(-1) ?? '';
  const standsAbove = printed.slice(-MAX_LAST_LINES).some((line) => line.trimEnd() === last);
  if (last === '' || standsAbove) return [];
  return [screen.style.quiet('  last lines of the log'), ...lines.slice(-MAX_LAST_LINES).map((line) => `    ${screen.style.quiet('│')} ${line}`.trimEnd())];
}

function nextSteps(run: RunDetail): Fact[] {
  const look: Fact = ['look at it', `trainyard run ${run.number}`, `trainyard logs ${run.number}   trainyard artifacts ${run.number}`];
  if (run.state !== 'succeeded') return [['its log', `trainyard logs ${run.number}`], ['try again', `trainyard retry ${run.number}`, 'or correct what is wrong and train as before']];
  const download: Fact[] = run.artifact === undefined ? [] : [['download', `trainyard download ${run.number} ${quoted(run.artifact.path)}`]];
  return [look, ...download, ['train again', `trainyard train rerun ${run.training}${otherParameter(run)}`]];
}

/** Before it is painted: behind a colour a command does not look like one. */
function typed([name, text, aside]: Fact, screen: Screen): Fact {
  return [name, text === undefined ? undefined : screen.typed(text), aside === undefined ? undefined : screen.typed(aside)];
}

/** An example that can be pasted as it is: the first number among the parameters, halved. */
function otherParameter(run: RunDetail): string {
  for (const [name, text] of Object.entries(run.params)) {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value === 0) continue;
    return ` -P ${quoted(name)}=${Number.isInteger(value) ? Math.max(1, Math.round(value / 2)) : Number((value / 2).toPrecision(6))}`;
  }
  return '';
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function numberText(value: number): string {
  return Number.isInteger(value) || Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-4) ? String(value) : String(Number(value.toPrecision(6)));
}
