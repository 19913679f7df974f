import { stripVTControlCharacters } from 'node:util';
import { SafeTextStream } from '../output/safe-text.ts';

/** A line this long without an end is shown in pieces. */
const LONGEST = 16_384;

/** Cuts the bytes of a log into lines for people: what a `\r` wrote over is gone, as it would be on a terminal. */
export class LogLines {
  readonly #coloured: boolean;
  readonly #text = new SafeTextStream();
  #rest = '';

  constructor(coloured: boolean) {
    this.#coloured = coloured;
  }

  push(bytes: Uint8Array): string[] {
    return this.#take(this.#text.push(bytes));
  }

  /** The line that has no end yet, as it looks now: a progress bar, a question. */
  get unfinished(): string {
    return stripVTControlCharacters(lastWritten(this.#rest));
  }

  end(): string[] {
    const lines = this.#take(this.#text.end());
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? lines : [...lines, this.#shown(rest)];
  }

  #take(text: string): string[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    // a progress bar of a million frames is one line: only its last frame is kept
    if (this.#rest.length > LONGEST) this.#rest = lastWritten(this.#rest);
    while (this.#rest.length > LONGEST) {
      lines.push(this.#rest.slice(0, LONGEST));
      this.#rest = this.#rest.slice(LONGEST);
    }
    return lines.map((line) => this.#shown(line));
  }

  #shown(line: string): string {
    const last = lastWritten(line);
    return this.#coloured ? closed(last) : stripVTControlCharacters(last);
  }
}

function lastWritten(line: string): string {
  const bare = line.replace(/\r+$/, '');
  return bare.slice(bare.lastIndexOf('\r') + 1);
}

/** A colour that a line leaves open must not run into what is printed below it. */
function closed(line: string): string {
  return line.includes('\u001b[') ? `${line}\u001b[0m` : line;
}
