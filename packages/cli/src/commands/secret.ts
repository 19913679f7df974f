import { Command } from 'commander';
import { wholeNumber } from '../argument-values.ts';
import type { Cli } from '../cli.ts';
import { withExamples } from '../help-text.ts';
import { agoText } from '../output/amounts.ts';
import { type OutputFormat, outputOption } from '../output/format.ts';
import type { Column } from '../output/table.ts';

interface Secret {
  readonly name: string;
  readonly updatedAt: string;
}

const columns: readonly Column<Secret>[] = [
  { title: 'name', text: ({ name }) => name, shrinks: true },
  { title: 'changed', text: ({ updatedAt }) => agoText(updatedAt, Date.now()) },
];

export function secret(cli: Cli): Command {
  const command = new Command('secret')
    .alias('secrets')
    .helpGroup('Setup:')
    .summary('sealed values for trainings: set, list, delete')
    .description('Secrets: sealed on the server, given to trainings as environment variables (secretEnvs, --secret-env), never shown again.');
  for (const make of [setSecret, listSecrets, deleteSecret]) command.addCommand(make(cli));
  return command.addCommand(rotateKey());
}

function setSecret(cli: Cli): Command {
  const command = new Command('set')
    .summary('seal a value from stdin or a prompt')
    .description('Seals a value. It is read from stdin (one line end at its end is dropped), or asked for on a terminal; never from the command line, where others could see it.')
    .argument('<name>', 'name of the secret');
  return withExamples(command, [
    ['trainyard secret set hub-token', 'asks for the value'],
    ['trainyard secret set hub-token < token.txt', 'from a file'],
    ['trainyard train run --secret-env HUB_TOKEN=hub-token', 'use it'],
  ]).action(async (name: string) => {
    const { readSecret } = await import('../connection/read-secret.ts');
    const value = await readSecret(cli.io, `Value of '${name}' (not shown): `);
    const connection = await cli.connect();
    await connection.call('putSecret', { params: { name }, body: { value } });
    await cli.out.lines([`secret '${name}' is sealed`]);
  });
}

function listSecrets(cli: Cli): Command {
  const command = new Command('list').alias('ls').summary('list the names of the secrets').description('Lists the names of the secrets; values are never shown.').option('--limit <number>', 'how many', wholeNumber(1), 100).addOption(outputOption());
  return withExamples(command, [['trainyard secret list', 'names and when they changed']]).action(async ({ limit, output }: { limit: number; output: OutputFormat }) => {
    const connection = await cli.connect();
    const { items, more } = await connection.list<Secret>(limit, (query) => connection.call('listSecrets', { query }));
    const { printList } = await import('../output/list.ts');
    await printList(cli, output, { items, more, columns, none: 'There are no secrets. Seal one with: trainyard secret set NAME' });
  });
}

function deleteSecret(cli: Cli): Command {
  const command = new Command('delete').alias('rm').summary('delete a secret').description('Deletes a secret. Trainings that name it will fail to start.').argument('<name>', 'name of the secret');
  return withExamples(command, [['trainyard secret delete hub-token', 'gone for good']]).action(async (name: string) => {
    const connection = await cli.connect();
    const { message } = await connection.call('deleteSecret', { params: { name } });
    await cli.out.lines([message]);
  });
}

/** Carried out by the server's program (see bin/trainyard.mjs); here for its help and for completion. */
function rotateKey(): Command {
  const command = new Command('rotate-key').summary('seal every secret anew under a fresh key').description('Seals every secret anew under a fresh key. Runs on the machine of the server, on its data directory.').option('--data-dir <dir>', 'data directory of the server');
  return withExamples(command, [['trainyard secret rotate-key --data-dir /srv/trainyard', 'new key, same secrets']]);
}
