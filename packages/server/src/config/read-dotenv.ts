import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { messageOf, TrainyardError } from '@trainyard/core/errors.ts';

/** The variables of a dotenv file; none when it is not there. They are not put into the environment of this process. Throws ON_DEMAND_VARIABLE when it cannot be read. */
export function readDotenv(path: string): Readonly<Record<string, string | undefined>> {
  const text = textOf(path)?.replace(/^\uFEFF/, '');
  return text === undefined ? {} : withNumberSigns(text, parseEnv(text));
}

function textOf(path: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new TrainyardError('ON_DEMAND_VARIABLE', { problem: `The file ${resolve(path)} cannot be read: ${messageOf(error)}; make it readable, or start in another directory` }, { cause: error });
  }
  // as UTF-16 has it: no line of it would be understood
  if (text.includes('\0')) throw new TrainyardError('ON_DEMAND_VARIABLE', { problem: `The file ${resolve(path)} is not text in UTF-8 (it has NUL bytes): save it as UTF-8` });
  return text;
}

/** A line whose value is not quoted. */
const PLAIN_LINE = /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=([ \t]*[^\s'"\x60].*)$/gm;

/**
 * The dotenv of the original had no comments behind values, later ones cut an unquoted value at its first `#`, wherever it stands.
 * As in a shell, only one behind a blank begins a comment here: tokens and paths stay whole.
 */
function withNumberSigns(text: string, parsed: NodeJS.Dict<string>): NodeJS.Dict<string> {
  const whole = { ...parsed };
  for (const [, name = '', line = ''] of text.matchAll(PLAIN_LINE)) {
    const cut = line.split('#', 1)[0]?.trim();
    // other than that it was quoted, or another line has the same name
    if (line.includes('#') && whole[name] === cut) whole[name] = line.split(/\s#/, 1)[0]?.trim();
  }
  return whole;
}
