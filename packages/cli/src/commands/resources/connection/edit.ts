import { Command } from 'commander';
import type { Connection } from '@trainyard/api/schemas/connection.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Cli } from '../../../cli.ts';
import type { Connection as Server } from '../../../connection/connection.ts';
import { withExamples } from '../../../help-text.ts';
import { type ConnectionFlags, specFromFlags, withConnectionFlags } from '../../../manifest/connection-flags.ts';
import type { Manifest } from '../../../manifest/manifest.ts';
import { type OutputFormat, outputOption } from '../../../output/format.ts';

interface Options extends Record<string, unknown> {
  readonly file?: string;
  readonly output: OutputFormat;
}

export function connectionEdit(cli: Cli): Command {
  const command = new Command('edit')
    .summary('change connections')
    .description('Changes the fields of a connection that flags name, or replaces connections by those of a manifest. A secret that is ***** in the manifest stays as it was.')
    .argument('[id]', 'id of the connection, without a manifest')
    .option('-f, --file <file>', 'manifest, or - for stdin')
    .addOption(outputOption());
  return withExamples(withConnectionFlags(command), [
    ['trainyard connection edit wine --region eu-west-1', 'one field; the others and the secrets stay'],
    ['trainyard connection edit repo --token-file -', 'asks for a new token'],
    ['trainyard connection get wine -o yaml | sed s/eu-1/eu-2/ | trainyard connection edit -f -', 'without a file'],
  ]).action(async (id: string | undefined, { file, output, ...flags }: Options) => {
    const server = await cli.connect();
    const manifests = await wanted(cli, server, { id, file, flags: flags as ConnectionFlags });
    const { doneText, sendConnection } = await import('../../../manifest/apply/send-resources.ts');
    const done: Connection[] = [];
    for (const manifest of manifests) {
      const edited = await sendConnection(server, manifest, 'edit');
      if (edited !== undefined) done.push(edited);
      if (output.kind === 'table') await cli.out.lines([doneText('connection', { id: manifest.id, mode: 'edit', done: true })]);
    }
    if (output.kind !== 'table') await cli.print(manifests.length === 1 ? (done[0] ?? {}) : { items: done }, output, () => []);
  });
}

async function wanted(cli: Cli, server: Server, { id, file, flags }: { readonly id: string | undefined; readonly file: string | undefined; readonly flags: ConnectionFlags }): Promise<Manifest<'Connection'>[]> {
  const said = Object.values(flags).some((value) => value !== undefined);
  if (file !== undefined && (said || id !== undefined)) throw new TrainyardError('USAGE', { problem: 'a manifest and flags do not go together', advice: 'write everything into the manifest, or leave -f out' });
  if (file !== undefined) {
    const { readConnections } = await import('../../../manifest/apply/send-resources.ts');
    return (await readConnections(cli, file)).map(({ manifest }) => manifest);
  }
  if (id === undefined || !said) throw new TrainyardError('USAGE', { problem: 'it is not said what to change', advice: 'name a manifest with -f, or an id and the fields to change, for example: --region eu-west-1' });
  const changes = await specFromFlags(cli.io, flags);
  // its masked secrets go back as they came: they stay as they are stored
  const { spec } = await server.call('getConnection', { params: { id } });
  return [{ kind: 'Connection', id, spec: { ...spec, ...changes } }];
}
