import type { Screen } from '../output/screen.ts';
import { fitText } from '../output/text-width.ts';

/** What the last line of a terminal says while something goes on: computed anew for every frame. */
export interface LiveText {
  readonly text: string;
  /** Quiet, behind the text, cut first. */
  readonly aside?: string | undefined;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
const FRAME_MS = 100;
const ERASE = '\r\u001b[2K';

/** One line at the bottom that lives, and finished lines that scroll away above it. Piped, only the finished lines exist. */
export class LiveLine {
  readonly screen: Screen;
  /** Is there a living line at all? Not in a pipe. */
  readonly isAlive: boolean;
  #render: (() => LiveText) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #frame = 0;
  #drawn = false;

  constructor(screen: Screen) {
    this.screen = screen;
    this.isAlive = screen.isTerminal && screen.coloured;
  }

  /** Shows this from now on, until something else or nothing is shown. */
  show(render: () => LiveText): void {
    if (!this.isAlive) return;
    this.#render = render;
    this.#timer ??= setInterval(() => {
      this.#frame += 1;
      this.#draw();
    }, FRAME_MS).unref();
    this.#draw();
  }

  /** Writes finished lines. */
  async print(lines: readonly string[]): Promise<void> {
    const erase = this.#drawn ? ERASE : '';
    this.#drawn = false;
    await this.screen.write(erase + lines.map((line) => `${line}\n`).join(''));
    this.#draw();
  }

  /** Removes the living line; call it before the terminal is left to something else. */
  clear(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#render = undefined;
    if (this.#drawn) void this.screen.write(ERASE);
    this.#drawn = false;
  }

  #draw(): void {
    if (this.#render === undefined) return;
    const { text, aside } = this.#render();
    const { style, columns = 80 } = this.screen;
    const main = fitText(text, columns - 5);
    const rest = columns - 5 - main.length - 2;
    const behind = aside === undefined || aside === '' || rest < 4 ? '' : `  ${style.quiet(fitText(aside, rest))}`;
    this.#drawn = true;
    void this.screen.write(`${ERASE}  ${style.busy(FRAMES[this.#frame % FRAMES.length] ?? '')} ${main}${behind}`);
  }
}
