import { Command } from 'commander';
import type { ConnectionCheck, ConnectionInput } from '@trainyard/api/schemas/connection.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import type { Cli } from '../../../cli.ts';
import type { Connection } from '../../../connection/connection.ts';
import { exitCode } from '../../../exit-codes.ts';
import { withExamples } from '../../../help-text.ts';
import { type OutputFormat, outputOption } from '../../../output/format.ts';

interface Options {
  readonly file?: string;
  readonly output: OutputFormat;
}

/** The server itself takes up to 10 s for each. */
const PATIENCE_MS = 30_000;

export function connectionCheck(cli: Cli): Command {
  const command = new Command('check')
    .summary('see whether connections work')
    .description('Asks the server to look at the place: is it there, do the credentials work? Takes at most 10 s. Ends with 1 when one does not work.')
    .argument('[ids...]', 'ids of connections')
    .option('-f, --file <file>', 'check those of a manifest instead, without keeping them')
    .addOption(outputOption());
  return withExamples(command, [
    ['trainyard connection check wine', 'one that is kept; its host keys are trusted from now on'],
    ['trainyard connection check -f wine.yaml', 'before it is created'],
  ]).action(async (ids: string[], { file, output }: Options) => {
    const server = await cli.connect({ callMs: PATIENCE_MS });
    const checks = file === undefined ? ids.map((id) => ({ id, ask: () => server.call('checkConnection', { params: { id } }) })) : await ofManifest(cli, server, file);
    if (checks.length === 0) throw new TrainyardError('USAGE', { problem: 'it is not said what to check', advice: 'name connections, or a manifest with -f' });
    const done: (ConnectionCheck & { id: string })[] = [];
    const { checkLines } = await import('../../../progress/connection-lines.ts');
    for (const { id, ask } of checks) {
      const check = await ask();
      done.push({ id, ...check });
      if (output.kind === 'table') await cli.out.lines(checkLines(id, check, cli.out));
    }
    if (output.kind !== 'table') await cli.print(done.length === 1 ? done[0] : { items: done }, output, () => []);
    if (done.some(({ ok }) => !ok)) cli.exitCode = exitCode('failed');
  });
}

async function ofManifest(cli: Cli, server: Connection, file: string): Promise<{ id: string; ask: () => Promise<ConnectionCheck> }[]> {
  const { readConnections } = await import('../../../manifest/apply/send-resources.ts');
  const found = await readConnections(cli, file);
  return found.map(({ manifest }) => ({ id: manifest.id, ask: () => server.call('checkNewConnection', { body: manifest as unknown as ConnectionInput }) }));
}
