import { Command, Option } from 'commander';
import type { ToolchainIntegration } from '@trainyard/api/schemas/toolchain-integration.ts';
import { TrainyardError } from '@trainyard/core/errors.ts';
import { keyValue } from '../../../argument-values.ts';
import type { Cli } from '../../../cli.ts';
import type { Connection } from '../../../connection/connection.ts';
import { withExamples } from '../../../help-text.ts';
import type { Manifest } from '../../../manifest/manifest.ts';
import { type OutputFormat, outputOption } from '../../../output/format.ts';
import type { Mode } from '../../../manifest/apply/send-resources.ts';

interface Flags {
  readonly entrypoint?: string;
  readonly image?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Options extends Flags {
  readonly file?: string;
  readonly ignoreIfExists?: boolean;
  readonly output: OutputFormat;
}

export function toolchainCreate(cli: Cli): Command {
  const command = withFlags(new Command('create').summary('add toolchain integrations').description('Adds toolchain integrations from a manifest or from flags.')).option('--ignore-if-exists', 'leave one of the same id as it is, and count that as success', false);
  return withExamples(command, [
    ['trainyard toolchain create -f mine.yaml', 'from a manifest'],
    ['trainyard toolchain create mine --entrypoint /opt/train --image registry.example.com/train:1 --env STAGE=test', 'from flags'],
  ]).action(async (id: string | undefined, { ignoreIfExists, ...options }: Options) => {
    const server = await cli.connect();
    await send(cli, server, { manifests: await wanted(cli, id, options), mode: ignoreIfExists === true ? 'create_new' : 'create', output: options.output });
  });
}

export function toolchainEdit(cli: Cli): Command {
  const command = withFlags(new Command('edit').summary('change toolchain integrations').description('Changes the fields of a toolchain integration that flags name, or replaces integrations by those of a manifest. --env adds variables.'));
  return withExamples(command, [
    ['trainyard toolchain edit mlflow --env STAGE=production', 'a variable for all trainings of a built-in toolchain'],
    ['trainyard toolchain edit -f mine.yaml', 'by a manifest'],
  ]).action(async (id: string | undefined, options: Options) => {
    const server = await cli.connect();
    const manifests = await wanted(cli, id, options, async (given) => {
      const { spec } = await server.call('getToolchain', { params: { id: given } });
      return { ...spec };
    });
    await send(cli, server, { manifests, mode: 'edit', output: options.output });
  });
}

function withFlags(command: Command): Command {
  return command
    .argument('[id]', 'id of the integration, without a manifest')
    .option('-f, --file <file>', 'manifest, or - for stdin')
    .option('--entrypoint <path>', 'program that trains')
    .option('--image <image>', 'container image that has it')
    .addOption(new Option('--env <name=value>', 'variable for the program; may be repeated').argParser(keyValue))
    .addOption(outputOption());
}

async function wanted(cli: Cli, id: string | undefined, { file, entrypoint, image, env }: Options, stored?: (id: string) => Promise<Record<string, unknown>>): Promise<Manifest<'ToolchainIntegration'>[]> {
  const given = { ...(entrypoint === undefined ? {} : { entrypoint }), ...(image === undefined ? {} : { defaultImage: image }) };
  const said = Object.keys(given).length > 0 || env !== undefined;
  if (file !== undefined && (said || id !== undefined)) throw new TrainyardError('USAGE', { problem: 'a manifest and flags do not go together', advice: 'write everything into the manifest, or leave -f out' });
  if (file !== undefined) {
    const { readToolchains } = await import('../../../manifest/apply/send-resources.ts');
    return (await readToolchains(cli, file)).map(({ manifest }) => manifest);
  }
  if (id === undefined || !said) throw new TrainyardError('USAGE', { problem: 'there is neither a manifest nor an id with fields', advice: 'name a manifest with -f, or an id with --entrypoint and --image' });
  const before = (await stored?.(id)) ?? {};
  const variables = { ...(before['additionalEnvironments'] as object | undefined), ...env };
  return [{ kind: 'ToolchainIntegration', id, spec: { ...before, ...given, additionalEnvironments: variables } }];
}

async function send(cli: Cli, server: Connection, { manifests, mode, output }: { readonly manifests: readonly Manifest<'ToolchainIntegration'>[]; readonly mode: Mode; readonly output: OutputFormat }): Promise<void> {
  const { doneText, sendToolchain } = await import('../../../manifest/apply/send-resources.ts');
  const done: ToolchainIntegration[] = [];
  for (const manifest of manifests) {
    const answer = await sendToolchain(server, manifest, mode);
    if (answer !== undefined) done.push(answer);
    if (output.kind === 'table') await cli.out.lines([doneText('toolchain', { id: manifest.id, mode, done: answer !== undefined })]);
  }
  if (output.kind !== 'table') await cli.print(manifests.length === 1 ? (done[0] ?? {}) : { items: done }, output, () => []);
}
