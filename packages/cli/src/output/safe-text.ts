/**
 * Text that others wrote (a training's name, its messages, its log) may hold sequences that move the cursor, rename the
 * window or answer as if somebody typed. On a terminal only colours, tabs and line ends pass; the rest is made visible.
 */
const UNSAFE = /\u001b\[[0-9;:]{0,32}m|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** A colour that is not complete yet: its rest may come with the next piece. */
const UNFINISHED = /\u001b(\[[0-9;:]{0,32})?$/;

/** Text of any length, line ends kept. */
export function safeText(text: string): string {
  return text.replace(UNSAFE, (found) => (found.length > 1 ? found : visible(found)));
}

/** Text for one line: line ends and tabs become spaces, colours of others are left out. */
export function safeLine(text: string): string {
  return safeText(text.replace(/\u001b\[[0-9;:]{0,32}m/g, '').replace(/[\t\n\r]+/g, ' ')).trim();
}

/** The same for bytes that come in pieces: UTF-8 characters and colours may be split between them. */
export class SafeTextStream {
  readonly #decoder = new TextDecoder();
  #held = '';

  push(bytes: Uint8Array): string {
    const text = this.#held + this.#decoder.decode(bytes, { stream: true });
    this.#held = UNFINISHED.exec(text)?.[0] ?? '';
    return safeText(text.slice(0, text.length - this.#held.length));
  }

  /** What was held back, made visible. */
  end(): string {
    const rest = this.#held + this.#decoder.decode();
    this.#held = '';
    return safeText(rest);
  }
}

function visible(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : '\ufffd';
}
