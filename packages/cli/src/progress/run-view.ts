import { stripVTControlCharacters } from 'node:util';
import type { Attempt, RunDetail, Step } from '@trainyard/api/schemas/run.ts';
import { REASON_NAMES } from '@trainyard/core/training/reason.ts';
import { hasEnded, STEPS } from '@trainyard/core/training/states.ts';
import { elapsedText } from '../output/amounts.ts';
import { safeLine } from '../output/safe-text.ts';
import { fitText, wrapText } from '../output/text-width.ts';
import type { LogChunk } from '../runs/read-log.ts';
import type { RunNote, RunObserver } from '../runs/watch-run.ts';
import type { LiveLine } from './live-line.ts';
import { LogLines } from './log-lines.ts';
import { NAME_WIDTH, stepLine, TIME_WIDTH } from './run-lines.ts';

const REMEMBERED_LINES = 100;

/** How the runner marks its own lines in a log. */
const RUNNER_LINE = /^\[trainyard\] (.*)$/;
const SECTION = new RegExp(`^(${STEPS.join('|')})\\b`);
const REPEATED = new RegExp(`^(warning: |(${STEPS.join('|')}|attempt): (${REASON_NAMES.join('|')}): )`);

/** Shows a run while it happens: each step when it ends, its log while it runs, one living line at the bottom. */
export class RunView implements RunObserver {
  readonly #live: LiveLine;
  readonly #lines: LogLines;
  readonly #told = new Set<string>();
  readonly #remembered: string[] = [];
  #run: RunDetail | undefined;
  /** The step whose name stands above the log lines that are being printed. */
  #heading: string | undefined;
  /** The step the log is in, by the runner's own lines: they stand where it began, whenever they arrive. */
  #section: string | undefined;
  /** The last line of output that is shown while it passes and not kept. */
  #passing = '';
  #lost = false;

  constructor(live: LiveLine) {
    this.#live = live;
    this.#lines = new LogLines(live.screen.coloured);
  }

  /** The last lines of the log that were printed. */
  get lastLines(): readonly string[] {
    return this.#remembered;
  }

  /** Number of the run, once it was seen. */
  get runNumber(): number | undefined {
    return this.#run?.number;
  }

  async began(run: RunDetail): Promise<void> {
    this.#run = run;
    const { style } = this.#live.screen;
    await this.#live.print([style.title(`Run ${run.number}`) + style.quiet(` of ${safeLine(run.training)}  ${run.id}`)]);
  }

  async run(run: RunDetail): Promise<void> {
    this.#run = run;
    for (const warning of run.warnings) await this.note({ level: 'warning', message: warning });
    for (const attempt of run.attempts) await this.#attempt(attempt, run);
    if (hasEnded(run.state)) await this.#end();
    else this.#live.show(() => this.#status());
  }

  async log({ bytes }: LogChunk): Promise<void> {
    await this.#printLog(this.#lines.push(bytes));
  }

  async note({ level, message }: RunNote): Promise<void> {
    if (message === '' || this.#isTold(`note:${message}`)) return;
    const { style } = this.#live.screen;
    const { columns } = this.#live.screen;
    const [mark, paint] = level === 'warning' ? ['!', style.careful] : ['·', style.quiet];
    const lines = wrapText(safeLine(message), columns === undefined ? Infinity : columns - 4);
    await this.#live.print(lines.map((line, i) => `  ${paint(i === 0 ? mark : ' ')} ${paint(line)}`));
  }

  lost(patienceMs: number): void {
    this.#lost = true;
    const { style } = this.#live.screen;
    const text = `the server does not answer; the run goes on without it, trying again for ${elapsedText(patienceMs)}`;
    void this.#live.print([`  ${style.careful('!')} ${style.careful(text)}`]);
  }

  back(): void {
    this.#lost = false;
    void this.#live.print([`  ${this.#live.screen.style.good('✓')} the server is back`]);
  }

  async #attempt(attempt: Attempt, run: RunDetail): Promise<void> {
    for (const step of attempt.steps) {
      if (step.state !== 'running' && !this.#isTold(`step:${attempt.number}:${step.name}`)) await this.#stepEnded(step);
    }
    const goesOn = run.attempt > attempt.number || (attempt.state === 'failed' && run.state === 'queued');
    if (goesOn && !this.#isTold(`attempt:${attempt.number}`)) await this.#attemptFailed(attempt);
  }

  async #stepEnded(step: Step): Promise<void> {
    await this.#flushLog();
    this.#heading = undefined;
    await this.#live.print([stepLine(step, this.#live.screen)]);
  }

  async #attemptFailed(attempt: Attempt): Promise<void> {
    const { style } = this.#live.screen;
    const why = safeLine(attempt.message ?? attempt.reason ?? 'it did not say why');
    await this.#live.print([`  ${style.careful('↻')} attempt ${attempt.number} ended: ${why}`, `    ${style.quiet(`trying again (attempt ${attempt.number + 1})`)}`]);
  }

  async #printLog(lines: readonly string[]): Promise<void> {
    const printed = lines.map((line) => ({ line, shown: this.#shownLine(line) }));
    const kept = printed.filter(({ shown }) => shown.length > 0);
    this.#remembered.push(...kept.slice(-REMEMBERED_LINES).map(({ line }) => line));
    this.#remembered.splice(0, this.#remembered.length - REMEMBERED_LINES);
    if (kept.length > 0) await this.#live.print(kept.flatMap(({ shown }) => shown));
  }

  #shownLine(line: string): string[] {
    const { style, columns = Infinity } = this.#live.screen;
    const runner = RUNNER_LINE.exec(line)?.[1];
    if (runner !== undefined) this.#section = SECTION.exec(runner)?.[1] ?? this.#section;
    // what the runner says of itself is told quietly, and not twice: warnings and ends of steps have lines of their own
    if (runner !== undefined) return REPEATED.test(runner) || this.#isTold(`note:${runner}`) ? [] : [`    ${style.quiet(`· ${fitText(runner, columns - 8)}`)}`];
    this.#passing = '';
    const step = this.#section ?? this.#run?.step;
    // a hundred lines of an installer are worth watching, not keeping; if it fails its last lines are shown
    if (step === 'environment' && this.#live.isAlive) {
      this.#passing = stripVTControlCharacters(line);
      return [];
    }
    const heading = step === undefined || step === this.#heading ? [] : [`  ${style.busy('▸')} ${step}`];
    this.#heading = step ?? this.#heading;
    return [...heading, `    ${style.quiet('│')} ${line}`.trimEnd()];
  }

  async #flushLog(): Promise<void> {
    await this.#printLog(this.#lines.end());
  }

  async #end(): Promise<void> {
    await this.#flushLog();
    this.#live.clear();
  }

  #status(): { text: string; aside: string } {
    const run = this.#run;
    const attempt = run?.attempts.at(-1);
    if (this.#lost || run === undefined) return { text: 'waiting for the server', aside: '' };
    if (run.stopRequested) return { text: 'stopping', aside: this.#lines.unfinished };
    const step = attempt?.steps.findLast(({ state }) => state === 'running');
    if (run.state === 'queued' || step === undefined) return { text: waitingText(run), aside: '' };
    return { text: `${step.name.padEnd(NAME_WIDTH)}${elapsedText(Date.now() - Date.parse(step.startedAt)).padStart(TIME_WIDTH)}`, aside: this.#lines.unfinished || this.#passing };
  }

  #isTold(what: string): boolean {
    if (this.#told.has(what)) return true;
    this.#told.add(what);
    return false;
  }
}

function waitingText(run: RunDetail): string {
  if (run.state !== 'queued') return run.state;
  const again = run.nextAttemptAt === undefined ? undefined : Date.parse(run.nextAttemptAt) - Date.now();
  if (again !== undefined && again > 0) return `waiting ${elapsedText(again)} before attempt ${run.attempt + 1}`;
  return `queued        ${elapsedText(Date.now() - Date.parse(run.queuedAt)).padStart(TIME_WIDTH)}`;
}
