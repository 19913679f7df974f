import { Command } from 'commander';
import type { Cli } from '../../../cli.ts';
import { withExamples } from '../../../help-text.ts';
import { type OutputFormat, outputOption } from '../../../output/format.ts';

export function connectionGet(cli: Cli): Command {
  const command = new Command('get')
    .summary('show a connection')
    .description('Shows a connection. Its secrets are masked.')
    .argument('<id>', 'id of the connection')
    .option('--decrypted', 'show the secrets too; the server notes who did', false)
    .addOption(outputOption());
  return withExamples(command, [
    ['trainyard connection get wine', 'its fields'],
    ['trainyard connection get wine -o yaml > wine.yaml', 'as a manifest that can be edited and sent back'],
    ['trainyard connection get wine --decrypted -o jsonpath=spec.keySecret', 'one secret'],
  ]).action(async (id: string, { decrypted, output }: { decrypted: boolean; output: OutputFormat }) => {
    const server = await cli.connect();
    const found = await server.call(decrypted ? 'decryptConnection' : 'getConnection', { params: { id } });
    const { connectionLines } = await import('../../../progress/connection-lines.ts');
    await cli.print(found, output, (screen) => connectionLines(found, screen));
  });
}
