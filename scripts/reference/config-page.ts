import { type Setting, SETTINGS } from '@trainyard/server/config/schema.ts';
import { code, table } from './markdown.ts';

/** Every setting of the server. */
export function configPage(): string {
  const settings: readonly Setting[] = Object.values(SETTINGS);
  const rows = settings.map((setting) => [setting.flag === '' ? '' : code(`--${setting.flag}`), code(setting.env), setting.type, defaultText(setting), setting.text]);
  return [
    '# Settings of the server',
    'A flag of `trainyard up` wins over the environment variable, that over the default. Sizes: `512MiB`, `4GiB`; durations: `90s`, `15m`, `4h`. An unknown flag or a value of the wrong type stops the start, and the nearest name is suggested.',
    table(['flag', 'environment variable', 'type', 'default', 'what it is'], rows),
  ].join('\n\n');
}

/** A default that depends on the machine is told in words: the page must be the same everywhere. */
function defaultText(setting: Setting): string {
  const told = /default: ([^.]+)\./.exec(setting.text)?.[1];
  return told ?? code(setting.default);
}
