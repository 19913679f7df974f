import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { withExamples } from '../../help-text.ts';
import { type OutputFormat, outputOption } from '../../output/format.ts';

interface Options {
  readonly file: readonly string[];
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly odahu: boolean;
  readonly output: OutputFormat;
}

export function deleteCommand(cli: Cli): Command {
  const command = new Command('delete')
    .helpGroup('Resources:')
    .summary('delete what manifests describe')
    .description('Deletes the trainings, toolchains and connections that manifests describe, in this order; runs, logs and models stay. Shows what is there of them, and asks.')
    .requiredOption('-f, --file <file...>', 'manifests, directories of them, or - for stdin')
    .option('-y, --yes', 'do not ask', false)
    .option('--dry-run', 'only show the plan', false)
    .option('--force', 'stop active runs first, and delete connections in use', false)
    .option('--odahu', 'manifests of ODAHU', false)
    .addOption(outputOption());
  return withExamples(command, [['trainyard delete -f manifests/', 'shows what is there, and asks']]).action(async ({ file, odahu, ...options }: Options) => {
    const [{ readResources }, { deletionsOf }, { applyPlan }] = await Promise.all([import('../../manifest/apply/read-resources.ts'), import('../../manifest/apply/prune.ts'), import('../../manifest/apply/apply.ts')]);
    const { resources, skipped } = await readResources(cli.io, file, { odahu, values: false });
    const server = await cli.connect();
    const plan = await deletionsOf(server, resources.map((resource) => ({ kind: resource.manifest.kind, id: resource.manifest.id, resource })));
    await applyPlan(cli, server, { ...options, run: false, plan, notes: skipped });
  });
}
