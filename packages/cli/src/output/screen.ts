import type { OutStream } from '../io.ts';
import { type Style, styleFor } from './style.ts';

const SAFETY_COLUMNS = 80;
/** Commands in texts for people; file names and the product's own name are not meant. */
const COMMAND = /(?<![\w/.-])trainyard (?=[a-z-])/g;

export interface ScreenOptions {
  readonly coloured: boolean;
  /** What this user writes to start this program: `trainyard`, `npx trainyard`, `trainyard local`. */
  readonly program: string;
}

/** One output stream: its width, its colours, and writing to it as fast as its reader reads. */
export class Screen {
  readonly style: Style;
  readonly coloured: boolean;
  readonly isTerminal: boolean;
  readonly #stream: OutStream;
  readonly #program: string;

  constructor(stream: OutStream, { coloured, program }: ScreenOptions) {
    this.#stream = stream;
    this.#program = program;
    this.coloured = coloured;
    this.style = styleFor(coloured);
    this.isTerminal = stream.isTTY === true;
  }

  /** Columns of the terminal as it is now, where it knows them; undefined when the output is not one and lines may have any length. */
  get columns(): number | undefined {
    return this.isTerminal ? (this.#stream.columns || SAFETY_COLUMNS) : undefined;
  }

  /** A text with commands in it, as this user has to type them. */
  typed(text: string): string {
    return text.replace(COMMAND, `${this.#program} `);
  }

  /** Writes; the promise is kept once the stream can take more. */
  async write(data: string | Uint8Array): Promise<void> {
    if (data.length === 0 || this.#stream.destroyed || this.#stream.write(data)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        for (const event of ['drain', 'close', 'error']) this.#stream.off(event, done);
        resolve();
      };
      for (const event of ['drain', 'close', 'error']) this.#stream.on(event, done);
    });
  }

  async lines(lines: readonly string[]): Promise<void> {
    await this.write(lines.map((line) => `${line}\n`).join(''));
  }
}
