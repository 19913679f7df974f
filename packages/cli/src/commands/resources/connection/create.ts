import { Command } from 'commander';
import type { Connection } from '@trainyard/api/schemas/connection.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Cli } from '../../../cli.ts';
import { withExamples } from '../../../help-text.ts';
import { type ConnectionFlags, specFromFlags, withConnectionFlags } from '../../../manifest/connection-flags.ts';
import type { Manifest } from '../../../manifest/manifest.ts';
import { type OutputFormat, outputOption } from '../../../output/format.ts';

interface Options extends Record<string, unknown> {
  readonly file?: string;
  readonly ignoreIfExists: boolean;
  readonly output: OutputFormat;
}

export function connectionCreate(cli: Cli): Command {
  const command = new Command('create')
    .summary('create connections from a manifest or from flags')
    .description('Creates connections. Secrets come from a manifest, from files, variables of the environment or a prompt; never from the command line, where others could see them.')
    .argument('[id]', 'id of the connection, without a manifest')
    .option('-f, --file <file>', 'manifest, or - for stdin')
    .option('--ignore-if-exists', 'leave a connection of the same id as it is, and count that as success', false)
    .addOption(outputOption());
  return withExamples(withConnectionFlags(command), [
    ['trainyard connection create -f wine.yaml', 'from a manifest'],
    ['trainyard connection create repo --type git --uri git@github.com:me/wine.git --key-secret-file ~/.ssh/id_ed25519', 'a repository over SSH'],
    ['trainyard connection create wine --type s3 --uri s3://wine/data --region eu-central-1 --key-id-env AWS_ACCESS_KEY_ID --key-secret-env AWS_SECRET_ACCESS_KEY', 'a bucket'],
  ]).action(async (id: string | undefined, { file, ignoreIfExists, output, ...flags }: Options) => {
    const manifests = await wanted(cli, { id, file, flags: flags as ConnectionFlags });
    const { doneText, sendConnection } = await import('../../../manifest/apply/send-resources.ts');
    const server = await cli.connect();
    const mode = ignoreIfExists ? 'create_new' : 'create';
    const done: Connection[] = [];
    for (const manifest of manifests) {
      const created = await sendConnection(server, manifest, mode);
      if (created !== undefined) done.push(created);
      if (output.kind === 'table') await cli.out.lines([doneText('connection', { id: manifest.id, mode, done: created !== undefined })]);
    }
    if (output.kind !== 'table') await cli.print(manifests.length === 1 ? (done[0] ?? {}) : { items: done }, output, () => []);
  });
}

async function wanted(cli: Cli, { id, file, flags }: { readonly id: string | undefined; readonly file: string | undefined; readonly flags: ConnectionFlags }): Promise<Manifest<'Connection'>[]> {
  const { readConnections } = await import('../../../manifest/apply/send-resources.ts');
  const said = Object.values(flags).some((value) => value !== undefined);
  if (file !== undefined && (said || id !== undefined)) throw new TrainyardError('USAGE', { problem: 'a manifest and flags do not go together', advice: 'write everything into the manifest, or leave -f out' });
  if (file !== undefined) return (await readConnections(cli, file)).map(({ manifest }) => manifest);
  if (id === undefined) throw new TrainyardError('USAGE', { problem: 'there is neither a manifest nor an id', advice: 'name a manifest with -f, or an id with --type and --uri' });
  return [{ kind: 'Connection', id, spec: await specFromFlags(cli.io, flags) }];
}
