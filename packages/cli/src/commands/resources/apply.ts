import { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { withExamples } from '../../help-text.ts';
import { type OutputFormat, outputOption } from '../../output/format.ts';

interface Options {
  readonly file: readonly string[];
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly rerun: boolean;
  readonly run: boolean;
  readonly prune: boolean;
  readonly force: boolean;
  readonly odahu: boolean;
  readonly output: OutputFormat;
}

export function apply(cli: Cli): Command {
  const command = new Command('apply')
    .helpGroup('Resources:')
    .summary('make the server have what manifests describe')
    .description('Compares connections, toolchains and trainings of manifests with what the server has, shows what would be created, changed and run, asks, and does it. The same again changes nothing: a training is run again only when it changed.')
    .requiredOption('-f, --file <file...>', 'manifests, directories of them, or - for stdin')
    .option('-y, --yes', 'do not ask', false)
    .option('--dry-run', 'only show the plan', false)
    .option('--rerun', 'also run trainings again that did not change', false)
    .option('--no-run', 'keep trainings without running them')
    .option('--prune', 'delete what an earlier apply --prune of the same directory created and no manifest describes any more', false)
    .option('--force', 'with --prune: stop runs first, and delete connections in use', false)
    .option('--odahu', "manifests of ODAHU: secrets are in base64, and packagings and deployments are left out", false)
    .addOption(outputOption());
  return withExamples(command, [
    ['trainyard apply -f manifests/', 'shows the plan and asks'],
    ['trainyard apply -f manifests/ --dry-run', 'only the plan'],
    ['trainyard apply -f manifests/ --yes --prune', 'in a pipeline: the directory is the truth'],
  ]).action(async ({ file, prune, rerun, odahu, ...options }: Options) => {
    const [{ readResources }, { makePlan }, { applyPlan }] = await Promise.all([import('../../manifest/apply/read-resources.ts'), import('../../manifest/apply/make-plan.ts'), import('../../manifest/apply/apply.ts')]);
    const { resources, skipped, doubtful } = await readResources(cli.io, file, { odahu, values: true });
    const server = await cli.connect();
    const pruning = prune ? await (await import('../../manifest/apply/prune.ts')).planPruning(cli.io, server, { names: file, resources, doubtful }) : undefined;
    const plan = [...(await makePlan(cli, server, { resources, rerun })), ...(pruning?.deletions ?? [])];
    const done = await applyPlan(cli, server, { ...options, plan, notes: [...skipped, ...(pruning?.notes ?? [])] });
    if (pruning === undefined || !done) return;
    const { writeRecord } = await import('../../manifest/apply/record.ts');
    await writeRecord(pruning.dir, server.url, resources.map(({ manifest }) => manifest));
  });
}
