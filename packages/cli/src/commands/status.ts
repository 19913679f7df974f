import { Command } from 'commander';
import type { ServerStatus } from '@trainyard/api/schemas/server.ts';
import type { Cli } from '../cli.ts';
import { withExamples } from '../help-text.ts';
import { agoText } from '../output/amounts.ts';
import { factLines } from '../output/facts.ts';
import { type OutputFormat, outputOption } from '../output/format.ts';
import type { Screen } from '../output/screen.ts';

export function status(cli: Cli): Command {
  const command = new Command('status').helpGroup('Setup:').summary('what the server is and does').description('Shows the server: version, engines, toolchains, the queue.').addOption(outputOption());
  return withExamples(command, [
    ['trainyard status', 'at a glance'],
    ['trainyard status -o jsonpath=runs.queued', 'length of the queue'],
  ]).action(async ({ output }: { output: OutputFormat }) => {
    const connection = await cli.connect();
    const found = await connection.call('status', {});
    await cli.print(found, output, (screen) => statusLines(found, connection.url, screen));
  });
}

function statusLines({ version, startedAt, database, engines, toolchains, runs }: ServerStatus, url: string, screen: Screen): string[] {
  const active = Object.entries(runs).map(([state, count]) => `${count} ${state}`);
  return [
    `${screen.style.title('Trainyard')} ${version} at ${url}`,
    ...factLines(
      [
        ['started', agoText(startedAt, Date.now()), startedAt],
        ['database', database],
        ['runs', active.length === 0 ? 'none active' : active.join(', ')],
        ...engines.map(({ name, limit }, i) => [i === 0 ? 'engines' : '', name, `up to ${limit} at the same time`] as const),
        ['toolchains', toolchains.join(', ')],
      ],
      screen,
    ),
  ];
}
