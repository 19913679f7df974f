import { stripVTControlCharacters } from 'node:util';
import type { Attempt, RunDetail, Step } from '@trainyard/api/schemas/run.ts';
import { hasEnded, type StepName } from '@trainyard/core/training/states.ts';
import { elapsedText } from '../output/amounts.ts';
import { safeLine } from '../output/safe-text.ts';
import { fitText, wrapText } from '../output/text-width.ts';
import type { LogChunk } from '../runs/read-log.ts';
import type { RunNote, RunObserver } from '../runs/watch-run.ts';
import type { LiveLine } from './live-line.ts';
import { LogLines } from './log-lines.ts';
import { isLater, type LogEntry, LogSections } from './log-sections.ts';
import { NAME_WIDTH, stepLine, TIME_WIDTH } from './run-lines.ts';

const REMEMBERED_LINES = 100;

/** More are shown at once, in whatever order: something keeps the looks at the run from coming. */
const MAX_HELD_LINES = 1_000;

/** Shows a run while it happens: each step when it ends, its log while it runs, one living line at the bottom. */
export class RunView implements RunObserver {
  readonly #live: LiveLine;
  readonly #lines: LogLines;
  #sections = new LogSections();
  #logAttempt = 0;
  readonly #told = new Set<string>();
  readonly #remembered: string[] = [];
  #run: RunDetail | undefined;
  /** The step whose name stands above the log lines that are being printed. */
  #heading: string | undefined;
  /** Lines of a step that came before the news that it began: they wait for the end of the step before it. */
  #held: LogEntry[] = [];
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
    await this.#release(run.step);
    if (hasEnded(run.state)) await this.#end();
    else this.#live.show(() => this.#status());
  }

  async log({ bytes, position }: LogChunk): Promise<void> {
    if (position.attempt !== this.#logAttempt) this.#sections = new LogSections();
    this.#logAttempt = position.attempt;
    await this.#take(this.#lines.push(bytes));
  }

  async note({ level, message }: RunNote): Promise<void> {
    if (message === '' || this.#isTold(`note:${message}`)) return;
    const { style, columns } = this.#live.screen;
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
    await this.#take(this.#lines.end());
    await this.#release(step.name);
    this.#heading = undefined;
    await this.#live.print([stepLine(step, this.#live.screen)]);
  }

  async #attemptFailed(attempt: Attempt): Promise<void> {
    const { style } = this.#live.screen;
    const why = safeLine(attempt.message ?? attempt.reason ?? 'it did not say why');
    await this.#live.print([`  ${style.careful('↻')} attempt ${attempt.number} ended: ${why}`, `    ${style.quiet(`trying again (attempt ${attempt.number + 1})`)}`]);
  }

  async #take(lines: readonly string[]): Promise<void> {
    const entries = lines.map((line) => this.#sections.entry(line)).filter((entry) => entry !== undefined);
    const early = this.#held.length > 0 ? 0 : entries.findIndex(({ section }) => isLater(section, this.#run?.step));
    await this.#printLog(early < 0 ? entries : entries.slice(0, early));
    if (early >= 0) this.#held.push(...entries.slice(early));
    if (this.#held.length > MAX_HELD_LINES) await this.#release(undefined);
  }

  /** Prints the lines that waited for the end of this step; all of them when none is named. */
  async #release(step: StepName | undefined): Promise<void> {
    const stays = this.#held.findIndex(({ section }) => isLater(section, step));
    const due = stays < 0 ? this.#held : this.#held.slice(0, stays);
    this.#held = stays < 0 ? [] : this.#held.slice(stays);
    await this.#printLog(due);
  }

  async #printLog(entries: readonly LogEntry[]): Promise<void> {
    const kept = entries.map((entry) => ({ entry, shown: this.#shownEntry(entry) })).filter(({ shown }) => shown.length > 0);
    this.#remembered.push(...kept.slice(-REMEMBERED_LINES).map(({ entry }) => entry.line));
    this.#remembered.splice(0, this.#remembered.length - REMEMBERED_LINES);
    if (kept.length > 0) await this.#live.print(kept.flatMap(({ shown }) => shown));
  }

  #shownEntry({ line, said, section }: LogEntry): string[] {
    const { style, columns = Infinity } = this.#live.screen;
    // what the runner says of itself is told quietly, and not twice: its warnings come as notes too
    if (said !== undefined) return this.#isTold(`note:${said}`) ? [] : [`    ${style.quiet(`· ${fitText(said, columns - 8)}`)}`];
    this.#passing = '';
    const step = section ?? this.#run?.step;
    // a hundred lines of an installer are worth watching, not keeping; if it fails its last lines are shown
    if (step === 'environment' && this.#live.isAlive) {
      this.#passing = stripVTControlCharacters(line);
      return [];
    }
    const heading = step === undefined || step === this.#heading ? [] : [`  ${style.busy('▸')} ${step}`];
    this.#heading = step ?? this.#heading;
    return [...heading, `    ${style.quiet('│')} ${line}`.trimEnd()];
  }

  async #end(): Promise<void> {
    await this.#take(this.#lines.end());
    await this.#release(undefined);
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
