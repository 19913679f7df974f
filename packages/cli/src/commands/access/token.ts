import type { Grant } from '@trainyard/core/access/roles.ts';
import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { type GrantOptions, grantsOf, grantsText, projectOption, roleOption } from './grants.ts';
import { withExamples } from '../../help-text.ts';
import { agoText } from '../../output/amounts.ts';
import { type OutputFormat, outputOption } from '../../output/format.ts';
import type { Column } from '../../output/table.ts';

interface Token {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Grant[];
  readonly createdAt: string;
  readonly lastUsedAt?: string | undefined;
}

const columns: readonly Column<Token>[] = [
  { title: 'id', text: ({ id }) => id },
  { title: 'name', text: ({ name }) => name, shrinks: true },
  { title: 'roles', text: ({ roles }) => grantsText(roles), shrinks: true },
  { title: 'created', text: ({ createdAt }) => agoText(createdAt, Date.now()) },
  { title: 'last used', text: ({ lastUsedAt }) => (lastUsedAt === undefined ? 'never' : agoText(lastUsedAt, Date.now())) },
];

export function token(cli: Cli): Command {
  const command = new Command('token').alias('tokens').helpGroup('Setup:').summary('access tokens and their roles: create, list, edit, revoke').description('Tokens: what people and programs call the server with (TRAINYARD_TOKEN).');
  for (const make of [createToken, listTokens, editToken, revokeToken]) command.addCommand(make(cli));
  return command;
}

function createToken(cli: Cli): Command {
  const command = new Command('create').summary('create a token').description('Creates a token and prints it, this once. Without --role it is a data scientist\'s: it trains and sees, and administers nothing.').argument('<name>', 'what it is for').addOption(roleOption()).addOption(projectOption()).addOption(outputOption());
  return withExamples(command, [
    ['trainyard token create ci', 'print a token for the build server'],
    ['trainyard token create dashboard --role viewer --project wine', 'one that sees one project'],
    ['export TRAINYARD_TOKEN=$(trainyard token create laptop)', 'use it at once'],
  ]).action(async (name: string, { output, ...options }: GrantOptions & { output: OutputFormat }) => {
    const roles = grantsOf(options) ?? grantsOf({ ...options, role: [{ role: 'data_scientist' }] }) ?? [];
    const connection = await cli.connect();
    const created = await connection.call('createToken', { body: { name, roles } });
    await cli.print(created, output, () => [created.token]);
    if (cli.out.isTerminal) await cli.err.lines([cli.err.style.quiet('Keep it now: it is not shown again.')]);
  });
}

function listTokens(cli: Cli): Command {
  const command = new Command('list').alias('ls').summary('list the tokens').description('Lists the tokens; their values are never shown.').addOption(outputOption());
  return withExamples(command, [['trainyard token list', 'ids, names, roles, last use']]).action(async ({ output }: { output: OutputFormat }) => {
    const connection = await cli.connect();
    const { items } = await connection.call('listTokens', {});
    const { printList } = await import('../../output/list.ts');
    await printList(cli, output, { items, more: false, columns, none: 'There are no tokens.' });
  });
}

function editToken(cli: Cli): Command {
  const command = new Command('edit').summary('give a token other roles').description('Replaces the roles of a token, from its next call on.').argument('<id>', 'id of the token, as `trainyard token list` shows it').addOption(roleOption().makeOptionMandatory()).addOption(projectOption());
  return withExamples(command, [
    ['trainyard token edit 3f2a --role viewer', 'it only sees from now on'],
    ['trainyard token edit 3f2a --role viewer --role data_scientist@wine', 'it sees everything, and changes one project'],
  ]).action(async (id: string, options: GrantOptions) => {
    const connection = await cli.connect();
    const { name, roles } = await connection.call('editToken', { params: { id }, body: { roles: grantsOf(options) ?? [] } });
    await cli.out.lines([`token '${name}': ${grantsText(roles)}`]);
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
