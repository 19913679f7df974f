import { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { withExamples } from '../help-text.ts';
import { agoText } from '../output/amounts.ts';
import { type OutputFormat, outputOption } from '../output/format.ts';
import type { Column } from '../output/table.ts';

interface Token {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly lastUsedAt?: string | undefined;
}

const columns: readonly Column<Token>[] = [
  { title: 'id', text: ({ id }) => id },
  { title: 'name', text: ({ name }) => name, shrinks: true },
  { title: 'created', text: ({ createdAt }) => agoText(createdAt, Date.now()) },
  { title: 'last used', text: ({ lastUsedAt }) => (lastUsedAt === undefined ? 'never' : agoText(lastUsedAt, Date.now())) },
];

export function token(cli: Cli): Command {
  const command = new Command('token').alias('tokens').helpGroup('Setup:').summary('access tokens: create, list, revoke').description('Tokens: what people and programs call the server with (TRAINYARD_TOKEN).');
  for (const make of [createToken, listTokens, revokeToken]) command.addCommand(make(cli));
  return command;
}

function createToken(cli: Cli): Command {
  const command = new Command('create').summary('create a token').description('Creates a token and prints it, this once.').argument('<name>', 'what it is for').addOption(outputOption());
  return withExamples(command, [
    ['trainyard token create ci', 'print a token for the build server'],
    ['export TRAINYARD_TOKEN=$(trainyard token create laptop)', 'use it at once'],
  ]).action(async (name: string, { output }: { output: OutputFormat }) => {
    const connection = await cli.connect();
    const created = await connection.call('createToken', { body: { name } });
    await cli.print(created, output, () => [created.token]);
    if (cli.out.isTerminal) await cli.err.lines([cli.err.style.quiet('Keep it now: it is not shown again.')]);
  });
}

function listTokens(cli: Cli): Command {
  const command = new Command('list').alias('ls').summary('list the tokens').description('Lists the tokens; their values are never shown.').addOption(outputOption());
  return withExamples(command, [['trainyard token list', 'ids, names, last use']]).action(async ({ output }: { output: OutputFormat }) => {
    const connection = await cli.connect();
    const { items } = await connection.call('listTokens', {});
    const { printList } = await import('../output/list.ts');
    await printList(cli, output, { items, more: false, columns, none: 'There are no tokens.' });
  });
}

function revokeToken(cli: Cli): Command {
  const command = new Command('revoke').summary('revoke a token at once').description('Revokes a token at once.').argument('<id>', 'id of the token, as `trainyard token list` shows it');
  return withExamples(command, [['trainyard token revoke 3', 'it opens nothing any more']]).action(async (id: string) => {
    const connection = await cli.connect();
    const { message } = await connection.call('revokeToken', { params: { id } });
    await cli.out.lines([message]);
  });
}
