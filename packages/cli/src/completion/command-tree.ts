import { ROLES } from '@trainyard/core/access/roles.ts';
import type { Command, Option } from 'commander';
import { CONNECTION_TYPES } from '../manifest/connection-types.ts';
import { TEMPLATES } from '../manifest/templates.ts';

/** The words of a command, as completion needs them. */
export interface CommandWords {
  /** Words behind the program's name: `train run`. Empty for the program itself. */
  readonly path: readonly string[];
  readonly about: string;
  readonly commands: readonly { readonly name: string; readonly about: string }[];
  /** What may stand behind it besides commands and options. */
  readonly words: readonly string[];
  /** Behind it any other command may stand, as if it were not there. */
  readonly restarts: boolean;
  readonly options: readonly OptionWords[];
}

export interface OptionWords {
  readonly long: string;
  readonly short: string | undefined;
  readonly about: string;
  readonly takes: 'nothing' | 'text' | 'file' | readonly string[];
}

const FILE_ARGUMENT = /<(file|dir|path)>/;
/** Words that help does not list as choices: there is more that may stand in their place, or too many. */
const WORDS: Readonly<Record<string, readonly string[]>> = { template: TEMPLATES.map(({ name }) => name), import: ['mlflow', 'odahu'] };
const VALUES: Readonly<Record<string, readonly string[]>> = { '--type': CONNECTION_TYPES, '--role': ROLES };
const FORMATS = ['table', 'json', 'yaml', 'jsonpath='];

/** Every command that can be typed, read from the program itself, so that completion never knows less or more. */
export function commandWords(program: Command): CommandWords[] {
  return walk(program, [], program.options.filter((option) => !option.hidden));
}

function walk(command: Command, path: readonly string[], inherited: readonly Option[]): CommandWords[] {
  const visible = command.commands.filter((one) => one.name() !== 'help');
  const own = command.options.filter((option) => !option.hidden && !inherited.includes(option));
  const words: CommandWords = {
    path,
    about: aboutText(command),
    commands: visible.map((one) => ({ name: one.name(), about: aboutText(one) })),
    words: [...(WORDS[path.join(' ')] ?? []), ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? [])],
    restarts: command.registeredArguments.some((argument) => argument.name() === 'command' && argument.required),
    options: [...own, ...inherited].map(optionWords).concat([{ long: '--help', short: '-h', about: 'show the help', takes: 'nothing' }]),
  };
  return [words, ...visible.flatMap((one) => walk(one, [...path, one.name()], inherited))];
}

function optionWords(option: Option): OptionWords {
  return { long: option.long ?? `--${option.name()}`, short: option.short, about: option.description, takes: takes(option) };
}

function takes(option: Option): OptionWords['takes'] {
  if (option.argChoices !== undefined) return option.argChoices;
  if (option.long === '--output') return FORMATS;
  const values = VALUES[option.long ?? ''];
  if (values !== undefined) return values;
  if (!option.required && !option.optional) return 'nothing';
  return FILE_ARGUMENT.test(option.flags) ? 'file' : 'text';
}

function aboutText(command: Command): string {
  const text = command.summary() || command.description();
  return text.split('\n')[0] ?? '';
}
