import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Command, CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import { Cli } from '../cli.ts';
import { makeProgram } from '../program.ts';
import { testIo } from '../test-cli.ts';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const FILES = ['README.md', ...globSync(['examples/*/{README.md,*.yaml}', 'docs/howto/*.md'], { cwd: ROOT }).toSorted()];

/** Its options are the settings of the server, which the server checks. */
const OF_THE_SERVER = /^up\b/;

/** Sentences name commands without what they need. */
const LEFT_OUT = ['commander.help', 'commander.missingArgument', 'commander.missingMandatoryOptionValue'];

/** Commands as they are shown: at the begin of a line, behind a prompt or `#`, or between backquotes. */
function shown(text: string): string[] {
  const found = [...text.matchAll(/(?:^\s*(?:[$#] )?(?:[A-Z_]+=\S+ )*|`)(?:npx )?trainyard ([a-z][^`\n]*)/gm)].map(([, words = '']) => words);
  // what stands behind it belongs to the shell, or to the reader
  return found.map((words) => words.split(/\s(?:#|[|<>&]|2>|\(|→)|\s{2,}|[;)]/)[0]?.trim() ?? '').filter((words) => !/…|\.\.\.|[.:,\\]$/.test(words) && !OF_THE_SERVER.test(words));
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replaceAll(/["']/g, ''));
}

/** The command line is read to its end, and nothing is done. Answers what is wrong with it. */
async function problemOf(line: string): Promise<string | undefined> {
  const words = wordsOf(line);
  const program = makeProgram(new Cli(testIo({}).io, { argv: words }));
  const disarm = (command: Command): void => {
    if (command.commands.length === 0) command.action(() => undefined);
    for (const one of command.commands) disarm(one);
  };
  disarm(program);
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return LEFT_OUT.includes(error.code) ? undefined : error.message;
  }
  return undefined;
}

describe('commands that the documents show can be typed', () => {
  const lines = FILES.flatMap((file) => [...new Set(shown(readFileSync(path.join(ROOT, file), 'utf8')))].map((line) => [file, line] as const));

  test('there are some', () => expect(lines.length).toBeGreaterThan(50));

  test.each(lines)('%s: %s', async (_, line) => {
    expect(await problemOf(line)).toBeUndefined();
  });
});
