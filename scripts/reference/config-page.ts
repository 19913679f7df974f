import { ON_DEMAND_SETTINGS, type OnDemandSetting, ORIGINAL_VARIABLES } from '@trainyard/server/config/on-demand-settings.ts';
import { type Setting, SETTINGS } from '@trainyard/server/config/schema.ts';
import { TELEMETRY_SETTINGS } from '@trainyard/server/config/telemetry-settings.ts';
import { code, table } from './markdown.ts';

/** Every setting of the server. */
export function configPage(): string {
  const settings: readonly Setting[] = Object.values(SETTINGS);
  const rows = settings.map((setting) => [setting.flag === '' ? '' : code(`--${setting.flag}`), code(setting.env), setting.type, defaultText(setting), setting.text]);
  return [
    '# Settings of the server',
    'A flag of `trainyard up` wins over the environment variable, that over the default. Sizes: `512MiB`, `4GiB`; durations: `90s`, `15m`, `4h`. An unknown flag or a value of the wrong type stops the start, and the nearest name is suggested.',
    table(['flag', 'environment variable', 'type', 'default', 'what it is'], rows),
    '## The on-demand service',
    'It opens when `DATABRICKS_TYPE_MAPPING`, `DATABRICKS_WORKSPACE_URL`, `DATABRICKS_AUTH_TOKEN`, `DATABRICKS_RUN_TIMEOUT` or `ON_DEMAND_ENGINE` is set, in the environment or in a file `.env` of the working directory; the environment wins. A variable `ON_DEMAND_…` without them stops the start, but for `ON_DEMAND_HOST` and `ON_DEMAND_AUTH`, which the container image always sets. [What it does](../howto/train-on-demand.md). These have the meaning they had in the original:',
    variables(ORIGINAL_VARIABLES),
    'These are new:',
    variables(ON_DEMAND_SETTINGS),
    '## Telemetry',
    'Nothing is sent unless one of these is set, here or in the same file `.env`; `SERVICE_NAME` and `NODE_ENV` hold for it whether the on-demand service is configured or not. [What is sent](../howto/train-on-demand.md#telemetry).',
    variables({ ...TELEMETRY_SETTINGS, APP_INSIGHTS_INSTRUMENTATION_KEY: ORIGINAL_VARIABLES.APP_INSIGHTS_INSTRUMENTATION_KEY }),
  ].join('\n\n');
}

function variables(settings: Readonly<Record<string, OnDemandSetting>>): string {
  const rows = Object.entries(settings).map(([name, setting]) => [code(name), (setting.values ?? []).map(code).join(', '), setting.default === '' ? '' : code(setting.default), setting.text]);
  return table(['environment variable', 'values', 'default', 'what it is'], rows);
}

/** A default that depends on the machine is told in words: the page must be the same everywhere. */
function defaultText(setting: Setting): string {
  const told = /default: ([^.]+)\./.exec(setting.text)?.[1];
  return told ?? code(setting.default);
}
