import { Command, Option } from 'commander';
import { duration, wholeNumber } from '../../argument-values.ts';
import type { Cli } from '../../cli.ts';
import { withExamples } from '../../help-text.ts';
import { agoText } from '../../output/amounts.ts';
import { type OutputFormat, outputOption } from '../../output/format.ts';
import type { Column } from '../../output/table.ts';

interface AuditRecord {
  readonly at: string;
  readonly who: { readonly id: string; readonly name: string };
  readonly action: string;
  readonly resource?: string | undefined;
  readonly project?: string | undefined;
  readonly outcome: string;
  readonly requestId: string;
  readonly address: string;
}

interface Options {
  readonly who?: string;
  readonly action?: string;
  readonly resource?: string;
  readonly project?: string;
  readonly outcome?: 'done' | 'refused' | 'failed';
  readonly last?: number;
  readonly limit: number;
  readonly output: OutputFormat;
}

const columns: readonly Column<AuditRecord>[] = [
  { title: 'when', text: ({ at }) => agoText(at, Date.now()) },
  { title: 'who', text: ({ who }) => (who.name === '' ? who.id : who.name), shrinks: true },
  { title: 'action', text: ({ action }) => action },
  { title: 'what', text: ({ resource }) => resource ?? '', shrinks: true },
  { title: 'project', text: ({ project }) => project ?? '' },
  { title: 'outcome', text: ({ outcome }) => outcome },
  { title: 'from', text: ({ address }) => address },
];

export function audit(cli: Cli): Command {
  const command = new Command('audit')
    .helpGroup('Setup:')
    .summary('who did what, and who was refused')
    .description('Lists what was changed on the server and by whom, the newest first. For administrators.')
    .option('--who <name>', 'name of a token or person, or its id')
    .option('--action <action>', 'such as token.create, training.delete, connection.decrypt')
    .option('--resource <name>', 'id or name of what it was done to')
    .option('--project <id>', 'only those of a project')
    .addOption(new Option('--outcome <outcome>', 'refused: it was not allowed').choices(['done', 'refused', 'failed']))
    .option('--last <duration>', 'not longer ago than this', duration)
    .option('--limit <number>', 'how many', wholeNumber(1), 50)
    .addOption(outputOption());
  return withExamples(command, [
    ['trainyard audit --outcome refused --last 24h', 'who tried what is not allowed'],
    ['trainyard audit --action connection.decrypt', 'who saw secrets of connections'],
    ['trainyard audit --who ci -o json', 'everything one token did'],
  ]).action(async ({ limit, output, last, ...filter }: Options) => {
    const connection = await cli.connect();
    const since = last === undefined ? {} : { since: new Date(Date.now() - last).toISOString() };
    const { items, more } = await connection.list<AuditRecord>(limit, (page) => connection.call('listAudit', { query: { ...filter, ...since, ...page } }));
    const { printList } = await import('../../output/list.ts');
    await printList(cli, output, { items, more, columns, none: 'Nothing of that kind was done.' });
  });
}
