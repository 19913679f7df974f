import { Command, Option } from 'commander';
import { keyValue, wholeNumber } from '../../argument-values.ts';
import type { Cli } from '../../cli.ts';
import { exitCode } from '../../exit-codes.ts';
import { withExamples } from '../../help-text.ts';
import type { TrainingFlags } from '../../manifest/training-flags.ts';
import { LiveLine } from '../../progress/live-line.ts';
import { type WaitOptions, followUp, progressScreen, startedRun, withWaiting } from '../../progress/wait-for-run.ts';

type Options = WaitOptions & Omit<TrainingFlags, 'command'>;

export function trainRun(cli: Cli): Command {
  const command = new Command('run')
    .summary('train a directory, a manifest or a git repository, and wait for the model')
    .description(
      'Trains what a manifest or a directory describes, and waits for the result.\n\n' +
        'DIR may hold a train.yaml (or one other manifest of kind ModelTraining), or just an MLproject or a program.\n' +
        'Without a source in the manifest its directory is packed, honouring .gitignore, and uploaded once per content.\n' +
        'The exit code is that of the run: 0 succeeded, the code of the program when it failed, 130 stopped, 1 anything else.',
    )
    .argument('[dir-or-file]', 'directory of the training, or a manifest (default: .)')
    .argument('[command...]', 'behind --: program and arguments of the toolchain command')
    .option('--name <name>', 'name of the model (default: name of the directory)')
    .option('--version <version>', 'version of the model (default: 1.0)')
    .option('--id <id>', 'id of the training (default: made from the name)')
    .option('--toolchain <name>', 'how the source becomes a launch: mlflow, command')
    .option('--entrypoint <name>', 'entry point of the MLproject, or a script')
    .option('--work-dir <path>', 'directory inside of the source')
    .option('--git <url>', 'take the source from a git repository (https:// or file://)')
    .option('--ref <ref>', 'branch, tag or commit of the git source')
    .addOption(new Option('-P, --param <name=value>', 'hyperparameter; may be repeated').argParser(keyValue))
    .addOption(new Option('--env <name=value>', 'environment variable; may be repeated').argParser(keyValue))
    .addOption(new Option('--secret-env <name=secret>', 'environment variable from a sealed secret; may be repeated').argParser(keyValue))
    .option('--engine <name>', 'where it runs (default: local)')
    .option('--project <id>', 'project it belongs to')
    .option('--experiment <name>', 'MLflow experiment of its runs (default: id of the training)')
    .option('--timeout <duration>', 'limit of an attempt, like 4h')
    .option('--priority <number>', 'larger goes first, -1000 to 1000', wholeNumber(-Infinity))
    .option('--register', 'fail when no model was left to register')
    .option('--no-register', 'register nothing');
  return withExamples(withWaiting(command), [
    ['trainyard train run', 'the training of this directory'],
    ['trainyard train run examples/wine -P alpha=0.1', 'with another parameter'],
    ['trainyard train run --git https://example.org/wine.git --ref v2', 'from a repository'],
    ['trainyard train run . --name trees -- ./fit.sh data.csv', 'any program'],
    ['RUN=$(trainyard train run --no-wait)', 'only start it'],
  ]).action(async (place: string | undefined, words: string[], options: Options, self: Command) => {
    await run(cli, trainingRequest(cli, self, place === undefined ? [] : [place, ...words]), options);
  });
}

/** Whatever stands behind `--` is the command, also when no directory stands in front of it. */
function trainingRequest(cli: Cli, self: Command, words: readonly string[]): { place: string | undefined; command: readonly string[] } {
  const command = cli.behindDashes;
  const front = words.slice(0, words.length - command.length);
  if (front.length > 1) self.error(`error: expected one directory or manifest, found ${front.join(' ')}`, { exitCode: exitCode('usage') });
  return { place: front[0], command };
}

async function run(cli: Cli, { place, command }: { place: string | undefined; command: readonly string[] }, options: Options): Promise<void> {
  const [{ prepareTraining }, { planLines }, { attachSource }, { submit }] = await Promise.all([
    import('../../training/prepare-training.ts'),
    import('../../progress/plan-lines.ts'),
    import('../../training/attach-source.ts'),
    import('../../training/submit.ts'),
  ]);
  const connection = await cli.connect(options.reconnectFor === undefined ? {} : { patienceMs: options.reconnectFor });
  const screen = progressScreen(cli, options);
  const plan = await prepareTraining(cli, connection, { place, flags: { ...options, command } });
  await screen.lines(planLines(plan, screen));
  const { packed } = plan;
  const manifest = packed === undefined ? plan.manifest : await attachSource(connection, { manifest: plan.manifest, listing: packed.listing, live: new LiveLine(screen), signal: cli.io.interrupted });
  if (packed !== undefined) await screen.lines(['']);
  const training = await submit(connection, { manifest, exists: plan.existing !== undefined, run: true });
  await followUp(cli, connection, { runId: startedRun(training), options });
}
