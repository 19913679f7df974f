import { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { exitCode } from '../exit-codes.ts';
import { withExamples } from '../help-text.ts';
import type { RecordSource } from '../import/record-source.ts';
import { type OutputFormat, outputOption } from '../output/format.ts';

interface Options {
  readonly artifacts?: readonly string[];
  readonly experiments?: readonly string[];
  readonly workspace: string;
  readonly dryRun?: boolean;
  readonly fromStart?: boolean;
  readonly output: OutputFormat;
}

export function importCommand(cli: Cli): Command {
  const command = new Command('import')
    .helpGroup('Setup:')
    .summary('bring what an MLflow, an ODAHU or an export has')
    .description("Brings everything over. From an MLflow: experiments, runs, metrics with their history, params, tags, datasets, models, versions, aliases and artifacts. From an ODAHU: connections with their secrets, toolchains and trainings, which are not run. Nothing that is here is written over. It can be broken off and begun again, and ends by counting both sides.")
    .argument('<from...>', "'mlflow URI' with sqlite:///…, postgresql://… or http(s)://…, 'odahu URL' or 'odahu DIR' of manifests, or the directory of a trainyard export")
    .option('--experiments <names>', 'only these, separated by commas', (text: string) => text.split(',').map((name) => name.trim()).filter((name) => name !== ''))
    .option('--artifacts <dir>', 'where artifacts lie on this machine (may be repeated; default: mlruns and mlartifacts beside the database)', (dir: string, before: readonly string[] | undefined) => [...(before ?? []), dir])
    .option('--workspace <name>', 'of an MLflow with workspaces', 'default')
    .option('--dry-run', 'only say what would be brought')
    .option('--from-start', 'do not go on where an earlier import stopped')
    .addOption(outputOption());
  return withExamples(command, [
    ['trainyard import mlflow sqlite:///mlflow.db', 'with the artifacts beside it'],
    ['trainyard import mlflow postgresql://mlflow:secret@db/mlflow --artifacts /srv/mlartifacts', 'from the database of a server'],
    ['trainyard import mlflow http://mlflow:5000 --experiments wine,bikes', 'from a server that runs (MLFLOW_TRACKING_TOKEN, …_USERNAME, …_PASSWORD)'],
    ['trainyard import odahu https://odahu.example.org', 'from a server that runs (API_TOKEN of an administrator)'],
    ['trainyard import odahu manifests/', 'from manifests of ODAHU'],
    ['trainyard import ./backup', 'what trainyard export wrote'],
  ]).action(async (from: readonly string[], options: Options) => {
    const [kind, odahu] = from;
    if (kind === 'odahu' && odahu !== undefined) {
      const { importOdahu } = await import('../import/odahu/import-odahu.ts');
      return importOdahu(cli, { from: odahu, dryRun: options.dryRun === true, output: options.output });
    }
    const { Checkpoint } = await import('../import/checkpoint.ts');
    const source = await openSource(cli, from, options);
    try {
      const connection = options.dryRun === true ? undefined : await cli.connect();
      const checkpoint = new Checkpoint(cli.io, { from, to: connection?.url, experiments: options.experiments, workspace: options.workspace, cwd: cli.io.cwd });
      if (options.fromStart === true) checkpoint.remove();
      await run(cli, { source, connection, checkpoint, output: options.output });
    } finally {
      await source.close();
    }
  });
}

async function openSource(cli: Cli, from: readonly string[], options: Options): Promise<RecordSource> {
  const [first = '', uri] = from;
  if (first === 'mlflow' && uri !== undefined) {
    const { openMlflow } = await import('../import/open-source.ts');
    return openMlflow(uri, { experiments: options.experiments, artifacts: options.artifacts ?? [], workspace: options.workspace }, cli.io);
  }
  const { openDirectory } = await import('../import/directory/source.ts');
  return openDirectory(from, options.experiments, cli.io);
}

interface Run {
  readonly source: RecordSource;
  readonly connection: Awaited<ReturnType<Cli['connect']>> | undefined;
  readonly checkpoint: InstanceType<(typeof import('../import/checkpoint.ts'))['Checkpoint']>;
  readonly output: OutputFormat;
}

async function run(cli: Cli, { source, connection, checkpoint, output }: Run): Promise<void> {
  const { countText } = await import('../output/amounts.ts');
  const { planLines, comparisonLines, findingLines } = await import('../import/report-lines.ts');
  const facts = await source.facts();
  await cli.err.lines(planLines(facts, connection?.url ?? 'nowhere: --dry-run', cli.err));
  if (connection === undefined) {
    if (output.kind !== 'table') await cli.print({ source: facts.title, counts: facts.counts, notBrought: facts.leftOut, warnings: facts.warnings }, output, () => []);
    return;
  }
  const { importAll } = await import('../import/import-all.ts');
  const { comparisons, findings, complete, remarks, missing } = await importAll(cli, { source, facts, connection, checkpoint });
  const { refused, notes } = findings;
  await cli.print({ source: facts.title, complete, counts: comparisons, missing, refused, notes, remarks, notBrought: facts.leftOut }, output, (screen) => [
    ...comparisonLines(comparisons, screen),
    ...findingLines('refused:', refused, screen),
    ...findingLines('kept as it is here:', notes, screen),
    ...findingLines('not read:', remarks.map((text) => ({ record: 'artifacts', text })), screen),
    '',
    complete ? screen.style.good('everything is here') : screen.style.bad(missing > 0 ? `not here: ${countText(missing, 'record')}; run the same command again` : 'not everything is here: see what differs and what was refused'),
  ]);
  if (!complete) cli.exitCode = exitCode('failed');
}
